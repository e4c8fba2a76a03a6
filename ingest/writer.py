"""Takes a mailbox's messages into the database, a transaction at a time, and acknowledges them afterwards.

Two threads a mailbox: the database works for a third of the time, in which the next transaction's messages are read.
"""

import logging
import random
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from queue import Queue

import psycopg

from core.database import connect
from core.settings import Settings
from ingest.draft import Draft, Message, by_link, refusal_counts
from ingest.mailbox import Mailbox
from ingest.notes import Notes
from ingest.pipeline import Pipeline
from ingest.store import readings

log = logging.getLogger(__name__)
BLAMES_A_ROW = (psycopg.DataError, psycopg.IntegrityError)  # SQLSTATE classes 22 and 23
RETRY_SECONDS = (0.1, 5.0)  # first and longest pause between tries


class Gatherer(threading.Thread):
    """Makes drafts of one mailbox's messages: the next one while its writer stores the last one."""

    def __init__(self, mailbox: Mailbox, pipeline: Pipeline, settings: Settings, stop: threading.Event) -> None:
        super().__init__(name=f"gatherer-{mailbox.name}")
        self.drafts: Queue[Draft | None] = Queue(1)  # None: no more
        self._mailbox = mailbox
        self._pipeline = pipeline
        self._settings = settings
        self._stop_event = stop

    def run(self) -> None:
        """Until stopped; the draft in hand is handed over first."""
        while not self._stop_event.is_set():
            draft = self._gather()
            if draft.messages:
                self.drafts.put(draft)
        self.drafts.put(None)

    def _gather(self) -> Draft:
        """Messages until the draft is big, old or urgent."""
        draft = Draft(measured=True)
        limit, age = self._settings.batch_readings, self._settings.batch_age.total_seconds()
        due = time.monotonic() + 0.5
        while len(draft) < limit and len(draft.messages) < limit and not draft.urgent and not self._stop_event.is_set():
            if draft.messages and time.monotonic() >= due:
                break  # what is gathered does not wait for what comes after it, however much that is
            messages = self._mailbox.turn(due, gathering=bool(draft.messages))
            if not messages:
                break
            if not draft.messages:
                due = time.monotonic() + age
            for message in messages:
                if message.counts:
                    self._pipeline.take(draft, message)
        return draft


class Writer(threading.Thread):
    """Stores what a gatherer drafts, one after the other, by a database connection of its own, and acknowledges it."""

    def __init__(
        self, gatherer: Gatherer, pipeline: Pipeline, notes: Notes, settings: Settings, stop: threading.Event, name: str
    ) -> None:
        super().__init__(name=f"writer-{name}")
        self.counts: Counter[str] = Counter()
        self._drafts = gatherer.drafts
        self._lane = name
        self._notes = notes
        self._pipeline = pipeline
        self._settings = settings
        self._stop_event = stop
        self._conn: psycopg.Connection | None = None

    def run(self) -> None:
        """Until the gatherer has no more. After the stop each draft is tried once."""
        while (draft := self._drafts.get()) is not None:
            if self._settle(draft):
                for link, messages in by_link(draft.messages):
                    link.acknowledge(messages)
                self.counts["received"] += len(draft.messages)
        if self._conn:
            self._conn.close()

    def _settle(self, draft: Draft) -> bool:
        """Write the draft, blaming single rows where the database refuses one. False when stopped before it could."""
        try:
            stored = self._persist(draft)
        except BLAMES_A_ROW as error:
            return self._divide(draft, error)
        if stored is None:
            return False
        self.counts["stored"] += stored.rows
        self.counts["duplicate"] += stored.duplicates
        if draft.notes:
            self._notes.add(draft.notes)
        self.counts += Counter({f"refused_{code}": count for code, count in refusal_counts(draft.refused).items()})
        return True

    def _divide(self, draft: Draft, error: psycopg.Error) -> bool:
        messages = draft.messages
        if len(messages) > 1:
            halves = messages[: len(messages) // 2], messages[len(messages) // 2 :]
            return all(self._settle(self._pipeline.draft(half)) for half in halves)
        return self._blame(messages[0], draft, error)

    def _blame(self, message: Message, draft: Draft, error: psycopg.Error) -> bool:
        """One message: keep each of its rows that the database takes, refuse the others."""
        rows = draft.split()
        if len(rows) > 1:
            return all(self._settle(row) for row in rows)
        reason = f"the database refuses the value: {error.diag.message_primary}"
        return self._settle(self._pipeline.blame(message, draft, reason))

    def _persist(self, draft: Draft) -> readings.Stored | None:
        """Try until written; None when stopped meanwhile. Raises what blames a row."""
        pause = RETRY_SECONDS[0]
        while True:
            try:
                return readings.write(self._connection(), draft, self._settings.shards, datetime.now(UTC))
            except BLAMES_A_ROW:
                raise
            except psycopg.Error as error:
                log.warning("%s: not stored yet, trying again: %s", self._lane, type(error).__name__)
                self.counts["retried"] += 1
                self._discard()
            if self._stop_event.wait(pause * random.uniform(0.5, 1.5)):  # noqa: S311 - jitter
                return None
            pause = min(pause * 2, RETRY_SECONDS[1])

    def _connection(self) -> psycopg.Connection:
        if self._conn is None:
            url = self._settings.database_url.get_secret_value()
            self._conn = connect(url, f"ingest-{self._settings.worker}-{self._lane}")
        return self._conn

    def _discard(self) -> None:
        """A connection that failed once is not trusted again."""
        if self._conn is not None:
            self._conn.close()
        self._conn = None
