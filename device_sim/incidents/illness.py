"""A fever and a racing heart: pulse high, oxygen low, for hours."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ("vital_signs",)
WITHIN = 700.0
NEEDS = "wristband"


def unfold(home: Home, random: Random) -> Script:
    """Readings every five minutes in NEWS2's red bands."""
    say = tuple(
        Say(
            300 * step, "wristband", {"heart_rate": random.randint(133, 145), "spo2": random.randint(87, 90), "worn": 1}
        )
        for step in range(24)
    )
    return Script(say, {"wristband": 7200.0})
