"""A firmware update went wrong: a terminal sends bytes that nobody can read."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ()
WITHIN = 60.0
NEEDS = "motion_sensor"


def unfold(home: Home, random: Random) -> Script:
    """Cut JSON, text for numbers, impossible values, raw noise."""
    noise = bytes(random.randrange(256) for _ in range(24))
    bad = (b'{"values": {"motion": 1', b'{"values": {"motion": "yes"}}', b'{"values": {"battery": 900}}', noise)
    return Script(tuple(Say(2.0 * step, "motion_sensor", {}, raw=payload) for step, payload in enumerate(bad)))
