"""She opens the door at night, goes out, and does not come back for an hour."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ("door_open",)
WITHIN = 1000.0
NEEDS = "door_contact"


def unfold(home: Home, random: Random) -> Script:
    """Door open, door closed, nothing inside; expected only between 23 and 5 o'clock."""
    quiet = dict.fromkeys(("motion_sensor", "presence_sensor", "bed_sensor", "wristband", "water_meter"), 3600.0)
    return Script(
        (
            Say(0, "door_contact", {"door_open": 1}),
            Say(15, "door_contact", {"door_open": 0}),
            Say(3600, "door_contact", {"door_open": 1}),
            Say(3615, "door_contact", {"door_open": 0}),
            Say(3630, "motion_sensor", {"motion": 1}),
        ),
        {**quiet, "door_contact": 3600.0},
    )
