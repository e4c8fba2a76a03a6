"""Which devices people have answered for in the episodes that go on. Pure; as long as what is answered and holds."""

from dataclasses import dataclass, field

import numpy as np

from core.arrays import I4, I8, Bool


@dataclass(slots=True, eq=False)
class Told:
    """Device rows, their homes' rows, and the alert whose answer it was. A device row of -1 is always known."""

    device: I4 = field(default_factory=lambda: np.zeros(0, np.int32))
    home: I4 = field(default_factory=lambda: np.zeros(0, np.int32))
    alert: I8 = field(default_factory=lambda: np.zeros(0, np.int64))

    def add(self, home: int, device: int, alert: int) -> None:
        """Somebody answered for it."""
        if device >= 0 and not (self.alert == alert).any():
            self.device = np.append(self.device, np.int32(device))
            self.home = np.append(self.home, np.int32(home))
            self.alert = np.append(self.alert, np.int64(alert))

    def drop(self, alert: int) -> None:
        """That answer was taken back."""
        if (self.alert == alert).any():
            self._keep(self.alert != alert)

    def forget(self, home: int) -> None:
        """The home's episode is over."""
        self._keep(self.home != home)

    def knows(self, device: I4) -> Bool:
        """Which of these were answered for."""
        return (device < 0) | np.isin(device, self.device)

    def _keep(self, kept: Bool) -> None:
        self.device, self.home, self.alert = self.device[kept], self.home[kept], self.alert[kept]
