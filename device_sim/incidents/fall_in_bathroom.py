"""She slips in the bathroom; the radar sees her on the floor, and nothing else moves."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ("fall",)
WITHIN = 5.0
NEEDS = "fall_radar"


def unfold(home: Home, random: Random) -> Script:
    """Presence, a fall, then stillness."""
    quiet = {"motion_sensor": 7200.0, "presence_sensor": 7200.0, "door_contact": 7200.0}
    return Script((Say(0, "fall_radar", {"presence": 1}), Say(random.uniform(2, 10), "fall_radar", {"fall": 1})), quiet)
