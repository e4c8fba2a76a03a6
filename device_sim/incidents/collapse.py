"""She collapses in the kitchen, unseen by any radar: everything that shows life falls silent."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ("no_sign_of_life",)
WITHIN = 43200.0
NEEDS = "motion_sensor"


def unfold(home: Home, random: Random) -> Script:
    """Nothing moves for half a day; the devices go on reporting zeros."""
    types = ("motion_sensor", "presence_sensor", "door_contact", "bed_sensor", "water_meter", "wristband", "fall_radar")
    still = tuple(Say(after, "motion_sensor", {"motion": 0}) for after in range(0, 43200, 1800))
    return Script(still, dict.fromkeys(types, 43200.0))
