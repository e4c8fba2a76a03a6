"""Which vendors this worker takes: workers deal them among themselves, and the database lets none have one twice.

A vendor's sessions at the broker are the vendor's, whoever serves them, so that what waits there moves with it. Whoever
holds the vendor's advisory lock serves it. A worker that has said nothing for a while is dealt nothing, and what it
held is taken over by the others (docs/decisions/0012).
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import psycopg

from core.settings import Settings
from core.snapshot import VendorRow
from ingest.routes import Routes
from ingest.store import workers

AWAY_AFTER = timedelta(seconds=10)  # without a heartbeat, which comes twice a second; long enough for a restart


def deal(vendors: Iterable[VendorRow], names: Sequence[str], me: str) -> list[VendorRow]:
    """The vendors of one of the workers `names`: every so many-th by id, so that each worker has as many."""
    order = sorted({*names, me})
    return sorted(vendors, key=lambda vendor: vendor.id)[order.index(me) :: len(order)]


class Dealer:
    """Deals one worker's vendors anew whenever workers come or go. Its locks live as long as the connection."""

    def __init__(self, settings: Settings, *, alone: bool) -> None:
        """With `alone` it deals itself everything: sessions are retired. In a group the broker deals, not we."""
        self._me = settings.worker
        self._alone = alone
        self._shared = bool(settings.mqtt_group)
        self._held: dict[str, int] = {}  # vendor ids by code, whose locks we have
        self._others: list[str] = []
        self._keep_until: datetime | None = None  # after an outage the others need a moment to be heard again

    @property
    def others(self) -> bool:
        """Whether somebody else could serve our vendors."""
        return bool(self._others)

    def connected(self) -> None:
        """The connection is new: its locks are to be had anew, and for a while nobody is taken for gone."""
        self._keep_until = datetime.now(UTC) + AWAY_AFTER if self._held or self._others else None
        self._held = {}

    def take(self, conn: psycopg.Connection, routes: Routes) -> set[str]:
        """The codes of the vendors that are ours now. Of what is no longer ours the lock is kept until `leave`."""
        if self._shared:
            return set(routes.vendors)
        now = datetime.now(UTC)
        if not self._alone and (self._keep_until is None or now >= self._keep_until):
            self._others = [name for name in workers.heard(conn, now - AWAY_AFTER) if name != self._me]
        mine = deal(routes.vendor_rows, self._others, self._me)
        for vendor in mine:
            if vendor.code not in self._held and workers.claim(conn, vendor.id):
                self._held[vendor.code] = vendor.id
        return {vendor.code for vendor in mine} & self._held.keys()

    def leave(self, conn: psycopg.Connection, kept: set[str]) -> None:
        """Give up the locks of all vendors but those `kept`, whose lanes are closed by now."""
        for code in self._held.keys() - kept:
            workers.release(conn, self._held.pop(code))
