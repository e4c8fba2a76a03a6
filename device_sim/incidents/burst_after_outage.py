"""The line was down for two hours; the terminal now sends what it kept."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ()
WITHIN = 60.0
NEEDS = "motion_sensor"


def unfold(home: Home, random: Random) -> Script:
    """Two hours of readings at once."""
    return Script(
        tuple(Say(1.0, "motion_sensor", {"motion": step % 2}, clock=-7200.0 + 60 * step) for step in range(120))
    )
