"""A detector that tells no concentration sounds in the night: the coal stove's door stands open."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ("co",)
WITHIN = 5.0
NEEDS = "co_detector"


def unfold(home: Home, random: Random) -> Script:
    """It sounds for a quarter of an hour, then the room is aired."""
    end = random.uniform(800, 1000)
    return Script(
        (Say(0, "co_detector", {"co_alarm": 1}), Say(end, "co_detector", {"co_alarm": 0})), {"co_detector": end}
    )
