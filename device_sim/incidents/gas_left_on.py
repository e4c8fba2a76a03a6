"""The soup boiled over and put out the flame: gas rises slowly until somebody closes the tap."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ("gas",)
WITHIN = 360.0
NEEDS = "gas_detector"


def unfold(home: Home, random: Random) -> Script:
    """Up by a few %LEL a minute, then aired."""
    peak = random.randint(8, 14)
    up = tuple(Say(30 * step, "gas_detector", {"gas": 2.0 * step}) for step in range(peak))
    down = tuple(Say(30 * (peak + step), "gas_detector", {"gas": max(0.0, 2.0 * peak - 4 * step)}) for step in range(8))
    return Script(up + down, {"gas_detector": 30.0 * (peak + 8)})
