"""A terminal did not hear the acknowledgement and sends each message three times."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ()
WITHIN = 60.0
NEEDS = "motion_sensor"


def unfold(home: Home, random: Random) -> Script:
    """The same reading, thrice."""
    return Script(tuple(Say(5.0, "motion_sensor", {"motion": 1}, clock=-repeat * 1e-9) for repeat in range(3)))
