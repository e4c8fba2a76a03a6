"""A detector that tells no concentration sounds: gas from a hose that came off, until the window has been open."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ("gas",)
WITHIN = 5.0
NEEDS = "gas_detector"


def unfold(home: Home, random: Random) -> Script:
    """It sounds, says so again each minute, and stops after some minutes."""
    minutes = random.randint(4, 8)
    sounds = tuple(Say(60.0 * minute, "gas_detector", {"gas_alarm": 1}) for minute in range(minutes))
    return Script((*sounds, Say(60.0 * minutes, "gas_detector", {"gas_alarm": 0})), {"gas_detector": 60.0 * minutes})
