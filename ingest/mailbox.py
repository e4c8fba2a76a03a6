"""What waits for a writer: lanes that are emptied in turn, so that whoever floods waits behind itself only."""

import threading
import time
from collections import deque

from ingest.draft import Message

IN_TURN = 16  # messages taken from one lane before the next has its turn …
TURN_BYTES = 65_536  # … or so many bytes


class Waiting(deque[Message]):
    """One lane. The network thread counts what came, the writer what went: neither waits for the other."""

    came = went = 0  # bytes

    @property
    def size(self) -> int:
        """Bytes that wait."""
        return self.came - self.went


class Mailbox:
    """Lanes that one writer empties, each in its turn. Network threads only append to them."""

    def __init__(self, name: str, stop: threading.Event, *, lull: float) -> None:
        """`lull`: seconds in which messages for a batch that is being gathered may come together."""
        self.name = name
        self._stop = stop
        self.arrived = threading.Event()
        self._lanes: tuple[Waiting, ...] = ()
        self._lull = lull
        self._at = self._taken = 0

    def add(self) -> Waiting:
        """One more lane."""
        lane = Waiting()
        self._lanes = (*self._lanes, lane)
        return lane

    def __len__(self) -> int:
        return sum(map(len, self._lanes))

    def next(self, until: float, *, gathering: bool) -> Message | None:
        """The next message; None when there is none until that moment of time.monotonic(), or at the stop.

        While it is gathering a batch the writer looks again after a lull; it is not woken for every message.
        """
        while True:
            for _ in range(len(self._lanes) + 1):
                lane = self._lanes[self._at] if self._at < len(self._lanes) else None
                if lane and self._taken < IN_TURN:
                    message = lane.popleft()
                    lane.went += len(message.payload)
                    self._taken += 1 + IN_TURN * len(message.payload) // TURN_BYTES
                    return message
                self._at, self._taken = (self._at + 1) % max(len(self._lanes), 1), 0
            rest = until - time.monotonic()
            if rest <= 0 or self._stop.is_set():
                return None
            if gathering:
                self._stop.wait(min(self._lull, rest))
                continue
            self.arrived.clear()
            if not len(self):
                self.arrived.wait(rest)
