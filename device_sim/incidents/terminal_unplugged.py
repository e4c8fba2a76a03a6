"""Somebody needed the socket: the home terminal is without power."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ("device_silent",)
WITHIN = 2400.0
NEEDS = "gateway"


def unfold(home: Home, random: Random) -> Script:
    """Mains lost, then silence for two hours."""
    return Script((Say(0, "gateway", {"mains": 0}), Say(7200, "gateway", {"mains": 1})), {"gateway": 7200.0})
