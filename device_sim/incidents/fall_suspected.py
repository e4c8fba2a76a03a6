"""She sits down on the floor to sort washing; the radar suspects a fall and is not sure."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ("fall",)
WITHIN = 5.0
NEEDS = "fall_radar"


def unfold(home: Home, random: Random) -> Script:
    """Presence, then the suspicion."""
    return Script(
        (
            Say(0, "fall_radar", {"presence": 1}),
            Say(random.uniform(2, 10), "fall_radar", {"fall_suspected": 1}),
        )
    )
