"""The coal has run out: the room cools down overnight."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ("room_temperature",)
WITHIN = 4000.0
NEEDS = "climate_sensor"


def unfold(home: Home, random: Random) -> Script:
    """From 15 to 9 degrees over two hours."""
    say = tuple(
        Say(600 * step, "climate_sensor", {"temperature": 15.0 - step / 2, "humidity": 60}) for step in range(13)
    )
    return Script(say, {"climate_sensor": 7800.0})
