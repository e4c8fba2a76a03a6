"""Bounds what one place in the code may write to the log: what strangers can provoke must not fill the disk."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

MOST = 60  # lines a minute from one place in the code; there are as many counters as there are such places
MINUTE = 60.0


@dataclass(slots=True)
class _Place:
    since: float
    count: int = 0


class Sparing(logging.Filter):
    """Lets through so many lines a minute from each place, and says how many it left out."""

    def __init__(self, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._most, self._clock = most, clock
        self._lock = threading.Lock()
        self._places: dict[tuple[str, int], _Place] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        with self._lock:
            left_out, count = self._counted((record.pathname, record.lineno))
        if left_out:
            record.msg, record.args = f"{record.getMessage()} ({left_out} lines like this were left out)", None
        if count == self._most:
            record.msg, record.args = f"{record.getMessage()} (more of these within the minute are left out)", None
        return count <= self._most

    def _counted(self, key: tuple[str, int]) -> tuple[int, int]:
        """How many of the minute before were left out, if this begins a new one; how many there are in this one."""
        now, left_out = self._clock(), 0
        place = self._places.setdefault(key, _Place(now))
        if now - place.since >= MINUTE:
            left_out = max(place.count - self._most, 0)
            place.since, place.count = now, 0
        place.count += 1
        return left_out, place.count
