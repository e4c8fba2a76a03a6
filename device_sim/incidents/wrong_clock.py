"""A terminal's clock has fallen back to 1970: its readings are stored at the time of receipt."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ()
WITHIN = 60.0
NEEDS = "motion_sensor"


def unfold(home: Home, random: Random) -> Script:
    """Readings that claim to be half a century old."""
    return Script(tuple(Say(10 * step, "motion_sensor", {"motion": 1}, clock=-1.7e9) for step in range(5)))
