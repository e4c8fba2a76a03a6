"""Somebody needed the socket: the home terminal is without power."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ("device_silent",)
WITHIN = 2400.0
NEEDS = "gateway"


def unfold(home: Home, random: Random) -> Script:
    """Its connection breaks, and nothing is heard for two hours."""
    return Script((Say(7205, "gateway", {"mains": 1}),), unplug={"gateway": 7200.0})
