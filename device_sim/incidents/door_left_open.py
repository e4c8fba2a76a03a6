"""She goes out to the neighbour and leaves the door ajar."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ("door_open",)
WITHIN = 1900.0
NEEDS = "door_contact"


def unfold(home: Home, random: Random) -> Script:
    """Open for forty minutes."""
    return Script(
        (Say(0, "door_contact", {"door_open": 1}), Say(2400, "door_contact", {"door_open": 0})),
        {"door_contact": 2400.0},
    )
