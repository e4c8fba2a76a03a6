"""The stove pipe is blocked: carbon monoxide climbs through the evening."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ("co",)
WITHIN = 1500.0
NEEDS = "co_detector"


def unfold(home: Home, random: Random) -> Script:
    """From 40 to 330 ppm in twenty minutes, aired after forty."""
    climb = tuple(Say(120 * step, "co_detector", {"co": 40.0 + 29 * step}) for step in range(11))
    return Script((*climb, Say(2400, "co_detector", {"co": 5})), {"co_detector": 2400.0})
