"""The postman rings three times and goes: no alarm, and no sign of life either."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ()
WITHIN = 60.0
NEEDS = "care_doorbell"


def unfold(home: Home, random: Random) -> Script:
    """Three times, some seconds apart."""
    at = [0.0, random.uniform(8, 15), random.uniform(20, 40)]
    return Script(tuple(Say(second, "care_doorbell", {"doorbell": 1}) for second in at))
