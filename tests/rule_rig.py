"""One rule over one or two homes, told a reading at a time: what it finds, and where it says that it is over."""

import numpy as np

from alerts.judging.findings import Findings
from alerts.judging.fleet import Fleet
from alerts.rules import discover
from core.catalogue import metrics
from core.clock import MINUTE
from core.packed import READING

MORNING = 1_772_413_200_000_000  # 2026-03-02 09:00 in Shanghai


class OneRule:
    """Device types by name in the home of id 1, those of `neighbour` in the home of id 2."""

    def __init__(self, name: str, *types: str, neighbour: tuple[str, ...] = ()) -> None:
        self.rule = discover()[name]
        self.types = [*types, *neighbour]
        devices = [(at, 1 if at < len(types) else 2, code) for at, code in enumerate(self.types)]
        self.fleet = Fleet.build([1, 2], devices, installed_at=MORNING)

    def say(self, *said: tuple[float, str | int, str, float], flags: int = 0) -> Findings:
        """What it finds in a batch that the fleet takes up: of (minute, device type or number, metric, value)."""
        rows = [
            (MORNING + int(minute * MINUTE), self._device(which), metrics()[metric].id, flags, value)
            for minute, which, metric, value in said
        ]
        now = max(row[0] for row in rows)
        batch = self.fleet.apply(np.array(rows, READING), now, now)
        if self.rule.observe is None:
            return Findings.none()
        return self.rule.observe(self.fleet, batch.of(*self.rule.metrics), self.rule.over(self.fleet))

    def tick(self, minute: float) -> Findings:
        """What it finds at that minute."""
        assert self.rule.tick
        return self.rule.tick(self.fleet, MORNING + int(minute * MINUTE), self.rule.over(self.fleet))

    def clear(self, minute: float) -> bool:
        """Whether it says at that minute that its condition is over in the first home."""
        found = self.tick(minute).clear
        assert found is not None
        return bool(found[0])

    def _device(self, which: str | int) -> int:
        return which if isinstance(which, int) else self.types.index(which)
