"""What waits for a writer: lanes that are emptied in turn, so that whoever floods waits behind itself only."""

import threading
import time
from collections import deque
from collections.abc import Sequence

from ingest.draft import Message

IN_TURN = 16  # messages taken from one lane before the next has its turn …
TURN_BYTES = 65_536  # … or so many bytes


class Waiting(deque[Message]):
    """One lane. The network thread counts what came, the writer what went: neither waits for the other."""

    def __init__(self, arrived: threading.Event) -> None:
        super().__init__()
        self._came = self._went = 0  # bytes
        self._arrived = arrived

    @property
    def size(self) -> int:
        """Bytes that wait."""
        return self._came - self._went

    def put(self, messages: Sequence[Message]) -> None:
        """Add what has come."""
        self._came += sum([len(message.payload) for message in messages])
        self.extend(messages)
        if not self._arrived.is_set():
            self._arrived.set()

    def turn(self) -> list[Message]:
        """What is taken before another lane has its turn; empty when nothing waits."""
        size, taken = 0, []
        for _ in range(min(IN_TURN, len(self))):
            message = self.popleft()
            taken.append(message)
            size += len(message.payload)
            if size >= TURN_BYTES:
                break
        self._went += size
        return taken


class Mailbox:
    """Lanes that one writer empties, each in its turn. Network threads only add to them."""

    def __init__(self, name: str, stop: threading.Event, *, lull: float) -> None:
        """`lull`: seconds in which messages for a batch that is being gathered may come together."""
        self.name = name
        self._stop = stop
        self._arrived = threading.Event()
        self._lanes: tuple[Waiting, ...] = ()
        self._lull = lull
        self._at = 0

    def add(self) -> Waiting:
        """One more lane."""
        lane = Waiting(self._arrived)
        self._lanes = (*self._lanes, lane)
        return lane

    def __len__(self) -> int:
        return sum(map(len, self._lanes))

    def turn(self, until: float, *, gathering: bool) -> list[Message]:
        """Messages of the lane whose turn it is; none if none came until that moment of time.monotonic(), or the stop.

        While it is gathering a batch the writer looks again after a lull; it is not woken for every message.
        """
        while True:
            for _ in range(len(self._lanes)):
                self._at = (self._at + 1) % len(self._lanes)
                if taken := self._lanes[self._at].turn():
                    return taken
            rest = until - time.monotonic()
            if rest <= 0 or self._stop.is_set():
                return []
            if gathering:
                self._stop.wait(min(self._lull, rest))
                continue
            self._arrived.clear()
            if not len(self):
                self._arrived.wait(rest)
