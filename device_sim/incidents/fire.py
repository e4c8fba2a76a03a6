"""Something on the stove catches fire."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ("fire",)
WITHIN = 5.0
NEEDS = "smoke_detector"


def unfold(home: Home, random: Random) -> Script:
    """Smoke in waves, until it is out."""
    return Script(
        (
            Say(0, "smoke_detector", {"smoke": 1}),
            Say(60, "smoke_detector", {"smoke": 1}),
            Say(600, "smoke_detector", {"smoke": 0}),
        )
    )
