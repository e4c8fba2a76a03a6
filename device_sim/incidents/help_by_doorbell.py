"""She presses the inner key of the care doorbell: the neighbours hear it, and so do we."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ("sos",)
WITHIN = 5.0
NEEDS = "care_doorbell"


def unfold(home: Home, random: Random) -> Script:
    """Twice, for nobody came at once."""
    return Script(tuple(Say(second, "care_doorbell", {"sos": 1}) for second in (0, random.uniform(20, 40))))
