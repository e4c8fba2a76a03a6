"""How much waits at the broker, by its own figures: a full queue drops messages without a word. Pure.

Mosquitto tells what it keeps for all sessions together, which is at least what it keeps for any one of them. So half of
one session's limit is reached here before it is reached there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.canary import DROPPED, WAITING

KEPT_UP = timedelta(minutes=10)  # so long after the last dropped message it is still told


@dataclass(slots=True)
class Space:
    """What is known of it."""

    limit: int  # bytes that may wait for one session
    waiting: int = 0  # bytes, all sessions together
    dropped: int | None = None  # messages since the broker started; None: not told yet
    since: datetime | None = None  # since when it has been too much
    _last: datetime | None = None  # when messages were last dropped

    def hear(self, figures: Mapping[str, int], now: datetime) -> None:
        """Take up what the broker says."""
        self.waiting = figures.get(WAITING, self.waiting)
        dropped = figures.get(DROPPED)
        if dropped is not None:
            if self.dropped is not None and dropped > self.dropped:
                self._last = now
            self.dropped = dropped
        self.since = (self.since or now) if self._short(now) else None

    def _short(self, now: datetime) -> bool:
        lately = self._last is not None and now - self._last < KEPT_UP
        return self.waiting * 2 >= self.limit or lately
