"""The washing machine's hose has come off."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ("water_leak",)
WITHIN = 10.0
NEEDS = "water_leak_sensor"


def unfold(home: Home, random: Random) -> Script:
    """Wet for an hour."""
    return Script((Say(0, "water_leak_sensor", {"water_leak": 1}), Say(3600, "water_leak_sensor", {"water_leak": 0})))
