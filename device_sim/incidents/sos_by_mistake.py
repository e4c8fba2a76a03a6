"""She brushes against the SOS button while dusting: a real press, a false alarm."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ("sos",)
WITHIN = 5.0
NEEDS = "sos_button"


def unfold(home: Home, random: Random) -> Script:
    """One press."""
    return Script((Say(0, "sos_button", {"sos": 1}),))
