"""The fitter presses the smoke detector's test button: alarm and test flag in one message. Raised, and marked."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ("fire",)
WITHIN = 5.0
NEEDS = "smoke_detector"


def unfold(home: Home, random: Random) -> Script:
    """Some seconds of alarm."""
    end = random.uniform(8, 20)
    return Script(
        (
            Say(0, "smoke_detector", {"smoke": 1, "test": 1}),
            Say(end, "smoke_detector", {"smoke": 0, "test": 0}),
        )
    )
