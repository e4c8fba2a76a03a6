"""A temperature sensor repeats one value for ever; nothing is wrong with the room."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ()
WITHIN = 3600.0
NEEDS = "climate_sensor"


def unfold(home: Home, random: Random) -> Script:
    """The same value for an hour."""
    say = tuple(Say(60 * step, "climate_sensor", {"temperature": 19.0}) for step in range(60))
    return Script(say, {"climate_sensor": 3600.0})
