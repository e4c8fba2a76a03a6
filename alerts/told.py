"""Which devices people have answered for in the episodes that go on. Pure; as long as what is answered and holds."""

from dataclasses import dataclass, field

import numpy as np

from alerts.arrays import I4, Bool


@dataclass(slots=True, eq=False)
class Told:
    """Device rows and their homes' rows. A device row of -1 is no device in particular, and always known."""

    device: I4 = field(default_factory=lambda: np.zeros(0, np.int32))
    home: I4 = field(default_factory=lambda: np.zeros(0, np.int32))

    def add(self, home: int, device: int) -> None:
        """Somebody answered for it."""
        if device >= 0 and not (self.device == device).any():
            self.device = np.append(self.device, np.int32(device))
            self.home = np.append(self.home, np.int32(home))

    def forget(self, home: int) -> None:
        """The home's episode is over."""
        kept = self.home != home
        self.device, self.home = self.device[kept], self.home[kept]

    def knows(self, device: I4) -> Bool:
        """Which of these were answered for."""
        return (device < 0) | np.isin(device, self.device)
