"""What waits for a writer: lanes that are emptied in turn, so that whoever floods waits behind itself only."""

import threading
import time
from collections import deque
from collections.abc import Sequence

from ingest.draft import Message

IN_TURN = 16  # messages taken from one lane before the next has its turn …
TURN_BYTES = 65_536  # … or so many bytes
ENOUGH = 500  # messages of one lane for which a gatherer is woken out of a lull


class Bell:
    """Wakes a gatherer. Network threads look at `rings_at`, so that it is not woken for every message."""

    def __init__(self) -> None:
        self.rings_at = 1  # messages that wait in one lane
        self.event = threading.Event()

    def arm(self, rings_at: int) -> None:
        """Ring from now on when so many messages wait in one lane; what came before must be looked for afterwards."""
        self.rings_at = rings_at
        self.event.clear()


class LaneQueue:
    """One lane, cut into turns. The network thread counts what came, the writer what went: neither waits."""

    def __init__(self, bell: Bell) -> None:
        self.closed = False  # nothing comes any more
        self._turns: deque[tuple[list[Message], int]] = deque()  # and their bytes
        self._came = self._went = self._bytes_came = self._bytes_went = 0
        self._bell = bell

    def __len__(self) -> int:
        return self._came - self._went

    @property
    def size(self) -> int:
        """Bytes that wait."""
        return self._bytes_came - self._bytes_went

    def put(self, messages: Sequence[Message]) -> None:
        """Add what has come."""
        turn: list[Message] = []
        size = 0
        for message in messages:
            turn.append(message)
            size += len(message[1])
            if len(turn) == IN_TURN or size >= TURN_BYTES:
                self._add(turn, size)
                turn, size = [], 0
        if turn:
            self._add(turn, size)
        if len(self) >= self._bell.rings_at and not self._bell.event.is_set():
            self._bell.event.set()

    def _add(self, turn: list[Message], size: int) -> None:
        self._came += len(turn)
        self._bytes_came += size
        self._turns.append((turn, size))

    def turn(self) -> list[Message]:
        """What is taken before another lane has its turn; empty when nothing waits."""
        if not self._turns:
            return []
        turn, size = self._turns.popleft()
        self._went += len(turn)
        self._bytes_went += size
        return turn


class Mailbox:
    """Lanes that one writer empties, each in its turn. Network threads only add to them."""

    def __init__(self, name: str, stop: threading.Event, *, lull: float) -> None:
        """`lull`: seconds in which messages for a batch that is being gathered may come together."""
        self.name = name
        self._stop = stop
        self._bell = Bell()
        self._lanes: tuple[LaneQueue, ...] = ()
        self._lull = lull
        self._at = 0

    def add(self) -> LaneQueue:
        """One more lane. Closed ones that are empty are gone from then on."""
        lane = LaneQueue(self._bell)
        self._lanes = (*(one for one in self._lanes if one or not one.closed), lane)
        return lane

    def __len__(self) -> int:
        return sum(map(len, self._lanes))

    def turn(self, until: float, *, gathering: bool) -> list[Message]:
        """Messages of the lane whose turn it is; none if none came until that moment of time.monotonic(), or the stop.

        While it is gathering a batch the gatherer looks again after a lull, or when enough has come.
        """
        while True:
            lanes = self._lanes
            for _ in range(len(lanes)):
                self._at = (self._at + 1) % len(lanes)
                if taken := lanes[self._at].turn():
                    return taken
            rest = until - time.monotonic()
            if rest <= 0 or self._stop.is_set():
                return []
            self._bell.arm(ENOUGH if gathering else 1)
            if gathering or not len(self):
                self._bell.event.wait(min(self._lull, rest) if gathering else rest)
