"""Sessions at the broker that another connection took over: whose they were, and who is told. Pure.

Mosquitto says which client id it was, not who took it. A terminal that comes back before its dead connection was
noticed looks the same: that is an entry for its vendor, who knows. With our own programs it is rare enough to be told
at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from core.identity import fingerprint, readable
from core.refusals import RefusalCode

KEPT_UP = timedelta(minutes=10)  # so long after the last one the console's banner says it
MOST_NAMES = 1000  # told at once; more are only counted
CODE: RefusalCode = "session_taken"
REASON = (
    "a second connection logged in with the client id of this terminal while the first was open, and the first was"
    " closed. Either it came back before its old connection was noticed to be dead, or two use one client id. If"
    " neither is so, somebody else has its id: ask for new credentials"
)


class Owner(NamedTuple):
    """Who may have used a client id: a vendor, and one of its terminals where the id names it."""

    vendor: str
    serial: str = ""

    @property
    def topic(self) -> str:
        """Under which the vendor finds it among its refused messages."""
        return f"sw/v1/{self.vendor}/{self.serial or '+'}"


def owner(client_id: str) -> Owner | str:
    """Whose id it is by its own words, `vendor/serial.secret`; a plain name is perhaps a serial."""
    vendor, slash, serial = readable(client_id).partition("/")
    return Owner(vendor, serial) if slash else vendor


@dataclass(slots=True)
class Taken:
    """What was heard since the start, and what is still to be told."""

    counts: dict[str, int] = field(default_factory=lambda: {"ours": 0, "others": 0})
    since: datetime | None = None  # the first of our own, of this episode
    last: datetime | None = None  # and the last
    to_tell: dict[Owner | str, int] = field(default_factory=dict)

    def hear(self, client_ids: Iterable[str], ours: frozenset[str], now: datetime) -> None:
        """These made way for another connection; `ours` are the fingerprints of our programs' ids."""
        for client_id in client_ids:
            if fingerprint(client_id) in ours:
                self.counts["ours"] += 1
                self.since = self.since if self.open(now) else now
                self.last = now
                continue
            self.counts["others"] += 1
            whose = owner(client_id)
            if whose in self.to_tell or len(self.to_tell) < MOST_NAMES:
                self.to_tell[whose] = self.to_tell.get(whose, 0) + 1

    def open(self, now: datetime) -> bool:
        """Whether one of our own was taken lately."""
        return self.last is not None and now - self.last < KEPT_UP

    def tell(self) -> dict[Owner | str, int]:
        """What is to be told, once: an entry that can't be written must not be tried for ever."""
        told, self.to_tell = self.to_tell, {}
        return told
