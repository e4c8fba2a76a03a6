"""What vendors are to be told about their devices: gathered by the writers, written by the steward."""

import threading
from collections import Counter

from core.model import Note


class Notes:
    """Counts by (device id, note). Bounded by the registry; those of the last seconds are lost with the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[int, Note]] = Counter()

    def add(self, counts: Counter[tuple[int, Note]]) -> None:
        """Count more."""
        with self._lock:
            self._counts += counts

    def take(self) -> Counter[tuple[int, Note]]:
        """All that was counted since the last time."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken
