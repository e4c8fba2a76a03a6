"""A worker's side work: registry changes, which vendors are its own, replays of dead letters, the heartbeat."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from datetime import UTC, datetime

import psycopg

from core.clock import to_us
from core.database import connect
from core.heartbeat_store import beat
from core.settings import Settings
from ingest.dealing import AWAY_AFTER, Dealer
from ingest.letters import store as letters
from ingest.notes import Notes
from ingest.pipeline import Pipeline
from ingest.routes import Routes
from ingest.store import notes, readings
from registry import snapshot_store

log = logging.getLogger(__name__)
BEAT_SECONDS = 2.0
REPLAYS_AT_ONCE = 200


class Steward(threading.Thread):
    """Holds a listening connection; reconnects when it breaks."""

    def __init__(
        self,
        pipeline: Pipeline,
        notes: Notes,
        settings: Settings,
        stop: threading.Event,
        state: Callable[[], dict[str, object]],
        attend: Callable[[Collection[str]], None],
        dealer: Dealer,
    ) -> None:
        """`attend` opens the lanes of these vendors, and closes all others."""
        super().__init__(name="steward")
        self.counts: Counter[str] = Counter()
        self._pipeline = pipeline
        self._notes = notes
        self._settings = settings
        self._stop_event = stop
        self._state = state
        self._attend = attend
        self._dealer = dealer
        self._away_since: float | None = None  # time.monotonic() of losing the database

    def run(self) -> None:
        """Until stopped."""
        while not self._stop_event.is_set():
            try:
                self._serve()
            except psycopg.Error as error:
                log.warning("steward: %s, connecting again", type(error).__name__)
                self._leave_to_others()
                self._stop_event.wait(1)

    def _leave_to_others(self) -> None:
        """Without the database we can't store; if that lasts, whoever can shall have the vendors."""
        now = time.monotonic()
        self._away_since = now if self._away_since is None else self._away_since
        if self._dealer.others and now - self._away_since > AWAY_AFTER.total_seconds():
            self._attend(())

    def _serve(self) -> None:
        url = self._settings.database_url.get_secret_value()
        with connect(url, f"ingest-{self._settings.worker}-steward", autocommit=True) as conn:
            conn.execute("LISTEN registry")
            conn.execute("LISTEN replay")
            self._dealer.connected()
            self._away_since = None
            self._refresh(conn)
            now = datetime.now(UTC)
            self._pipeline.letters.resume(letters.kept_today(conn, now), to_us(now))
            while not self._stop_event.is_set():
                self._deal(conn)
                beat(conn, f"ingest/{self._settings.worker}", datetime.now(UTC), self._state())
                self._tell(conn)
                while self._replay(conn):
                    pass
                heard = {notice.channel for notice in conn.notifies(timeout=BEAT_SECONDS / 4, stop_after=1)}
                if "registry" in heard:
                    self._refresh(conn)

    def _deal(self, conn: psycopg.Connection) -> None:
        mine = self._dealer.take(conn, self._pipeline.routes)
        self._attend(mine)
        self._dealer.leave(conn, mine)

    def _tell(self, conn: psycopg.Connection) -> None:
        """Write down what vendors should mend."""
        counts = self._notes.take()
        try:
            notes.write_notes(conn, counts, datetime.now(UTC))
        except psycopg.Error:
            self._notes.add(counts)
            raise

    def _refresh(self, conn: psycopg.Connection) -> None:
        self._pipeline.take_up(Routes(*snapshot_store.registered(conn)))
        released = letters.release_quarantine(conn, datetime.now(UTC))
        log.info("registry loaded; %d quarantined messages are replayed", released)

    def _replay(self, conn: psycopg.Connection) -> bool:
        """One transaction of replays; True when there may be more."""
        with conn.transaction():
            wanted = letters.take_replays(conn, REPLAYS_AT_ONCE)
            for letter, message in wanted:
                now = datetime.now(UTC)
                draft = self._pipeline.draft([message])
                refused, draft.refused = (draft.refused[0] if draft.refused else None), []
                stored = readings.write_within(conn, draft, self._settings.shards, now)
                letters.end_replay(conn, letter, now, refused)
                self.counts["stored"] += stored.rows
        return len(wanted) == REPLAYS_AT_ONCE
