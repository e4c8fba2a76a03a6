"""A battery comes to its end."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ("battery_low",)
WITHIN = 10.0
NEEDS = "motion_sensor"


def unfold(home: Home, random: Random) -> Script:
    """Down to eight per cent."""
    return Script((Say(0, "motion_sensor", {"battery": random.randint(6, 12)}),))
