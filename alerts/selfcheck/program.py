"""`shouwang canary`: sends the signal, follows it, and raises an alert when it does not come round."""

import logging
import queue
import threading
from datetime import UTC, datetime, time, timedelta
from typing import Any, TypeVar

import psycopg

from alerts.selfcheck import store
from alerts.selfcheck.ends import Ear, Mouth
from alerts.selfcheck.links import WORDS, Link, Rounds, broken
from alerts.selfcheck.space import Space
from alerts.selfcheck.taken import Taken
from core import heartbeat_store
from core.clock import micros, to_datetime, to_us
from core.database import connect
from core.nightly import Job, Night
from core.settings import Settings

log = logging.getLogger(__name__)
PROCESS = "canary"  # as its heartbeat is known
T = TypeVar("T")

LOOK_EVERY = 0.5  # seconds
BEAT_EVERY = timedelta(seconds=2)
TELL_EVERY = timedelta(seconds=10)
RAISE_AGAIN = timedelta(minutes=30)  # resolved by a person and still broken


def run(settings: Settings, stop: threading.Event) -> None:
    """Until `stop` is set."""
    mouth, ear = Mouth(settings), Ear(settings, stop)
    mouth.open()
    ear.start()
    with night(settings) as by_night:
        canary = Canary(settings, mouth, ear, by_night)
        log.info("self-check every %.0f s", settings.canary_every.total_seconds())
        while not stop.is_set():
            canary.turn(datetime.now(UTC))
            stop.wait(LOOK_EVERY)
    mouth.close()
    canary.close()


def night(settings: Settings) -> Night:
    """The self-check's night: it follows the heartbeats, and forgets those of programs that are gone."""

    def beats(conn: psycopg.Connection) -> str:
        return f"deleted {store.tidy(conn)} of programs that are gone"

    return Night("canary", settings, [Job("heartbeats", time(4, 10), beats)])


class Canary:
    """What is known about the chain."""

    def __init__(self, settings: Settings, mouth: Mouth, ear: Ear, by_night: Night) -> None:
        self.rounds = Rounds(micros(settings.canary_late))
        self.taken = Taken()
        self.space = Space(settings.broker_queue_bytes)
        self.broken: Link | None = None
        self._settings = settings
        self._mouth, self._ear, self._night = mouth, ear, by_night
        self._conn: psycopg.Connection | None = None
        self._terminal: store.Terminal | None = None
        self._whole_since: datetime | None = None
        self._named_at = datetime.min.replace(tzinfo=UTC)  # since when that link is the broken one
        self._now = self._send_at = self._beat_at = self._tell_at = datetime.min.replace(tzinfo=UTC)

    def close(self) -> None:
        """Let go of the database."""
        if self._conn:
            self._conn.close()
        self._conn = None

    def turn(self, now: datetime) -> None:
        """Hear what came round, send what is due, judge, and write it down."""
        self._collect()
        if now < self._now:  # the machine's clock was put back
            self._send_at = self._beat_at = self._tell_at = self._named_at = now
        self._now = now
        if now >= self._send_at:
            self._send_at = now + self._settings.canary_every
            if self._terminal:
                at = to_us(now) // 1000 * 1000
                self.rounds.sent(at)
                self._mouth.say(at)
        overdue = self.rounds.overdue(to_us(now))
        try:
            self._follow(now, overdue)
        except psycopg.Error as error:
            log.warning("database: %s", type(error).__name__)
            self.close()
            self._find(overdue, database=False, stored=False)

    def _collect(self) -> None:
        """Take what the two ends have noticed."""
        self.space.hear(dict(self._mouth.figures), self._now)
        for at in _drain(self._mouth.taken):
            if signal := self.rounds.under_way.get(at):
                signal.taken = True
        for sent, heard in _drain(self._ear.heard):
            self.rounds.back(sent, heard)

    def _follow(self, now: datetime, overdue: int | None) -> None:
        if self._conn is None:
            self._conn = connect(self._settings.database_url.get_secret_value(), "canary", autocommit=True)
            self._conn.execute("LISTEN canary")
        conn = self._conn
        for notice in conn.notifies(timeout=0):
            for at in map(int, notice.payload.split(",")):
                if signal := self.rounds.under_way.get(at):
                    signal.judged = True
        self._terminal = self._terminal or store.terminal(conn)
        if self._terminal is None:
            return
        self._hear(conn, now)
        passed = overdue is not None and store.stored(conn, self._terminal, to_datetime(overdue))
        self._find(overdue, database=True, stored=passed)
        if now >= self._beat_at:
            self._beat_at = now + BEAT_EVERY
            heartbeat_store.beat(conn, PROCESS, now, self._detail(overdue))
            self._mouth.ours = store.sessions(conn) | {self._mouth.fingerprint}
        with conn.transaction():
            self._settle(conn, now, overdue)
        if now >= self._tell_at and self.taken.to_tell:
            self._tell_at = now + TELL_EVERY
            store.tell_vendors(conn, self.taken.tell(), now)

    def _hear(self, conn: psycopg.Connection, now: datetime) -> None:
        """Whose sessions at the broker were taken over."""
        if self._mouth.closed:
            ours = store.sessions(conn) | {self._mouth.fingerprint}  # first: what can't be judged now is judged later
            closed = [self._mouth.closed.popleft() for _ in range(len(self._mouth.closed))]
            before = self.taken.counts["ours"]
            self.taken.hear(closed, ours, now)
            if self.taken.counts["ours"] > before:
                log.warning("self-check: a session of ours at the broker was taken over")

    def _find(self, overdue: int | None, *, database: bool, stored: bool) -> None:
        """Name the broken link; log when it changes."""
        link = None
        if overdue is not None:
            signal = self.rounds.under_way[overdue]
            link = broken(signal, connected=self._mouth.connected, database=database, stored=stored)
        elif self.taken.open(self._now):
            link = Link.SESSION
        elif self.space.since:
            link = Link.QUEUE
        if link != self.broken:
            log.log(logging.WARNING if link else logging.INFO, "self-check: %s", f"{link} broken" if link else "whole")
            self.broken, self._named_at = link, self._now
            self._beat_at = datetime.min.replace(tzinfo=UTC)  # told at once

    def _detail(self, overdue: int | None) -> dict[str, Any]:
        trip = self.rounds.round_trip
        return {
            "round_trip_seconds": None if trip is None else trip / 1e6,
            "broken": self.broken,
            "since": since.isoformat() if (since := self._since(overdue)) else None,
            "failed_jobs": self._night.failed,
            "broker_bytes": self.space.waiting,
            "broker_dropped": self.space.dropped,
            **{f"taken_{whose}": count for whose, count in self.taken.counts.items()},
        }

    def _since(self, overdue: int | None) -> datetime | None:
        """Since when something is wrong."""
        if overdue is not None:
            return to_datetime(overdue)
        return {Link.SESSION: self.taken.since, Link.QUEUE: self.space.since}.get(self.broken) if self.broken else None

    def _settle(self, conn: psycopg.Connection, now: datetime, overdue: int | None) -> None:
        """Bring the alert in line with what is so; after a failure the next turn does it."""
        alert = store.newest(conn)
        if self.broken:
            self._whole_since = None
        since, late = self._since(overdue), self._settings.canary_late
        if since and self.broken:
            if not (alert and self._known(alert, since, now)):
                store.raise_alert(conn, since, now, self._evidence(since))
            elif not alert.resolved_at and alert.link != self.broken and now - self._named_at >= late:
                store.name_link(conn, alert.id, self._evidence(since))
        elif alert and not alert.resolved_at and not alert.cleared and self._whole_for(now):
            store.clear_alert(conn, alert.id, now)

    def _known(self, alert: store.OwnAlert, since: datetime, now: datetime) -> bool:
        """Whether the alert says it already, or a person has just answered for it."""
        if alert.resolved_at is None:
            return not alert.cleared
        anew = self.broken is Link.SESSION and since > alert.resolved_at
        return now - alert.resolved_at < RAISE_AGAIN and not anew

    def _whole_for(self, now: datetime) -> bool:
        """Whether signals have come round for as long as they may be late: a chain that flickers is not whole."""
        if self.rounds.came_back is None:
            return False
        self._whole_since = self._whole_since or now
        return now - self._whole_since >= self._settings.canary_late

    def _evidence(self, since: datetime) -> dict[str, Any]:
        assert self.broken
        words = WORDS[self.broken]
        told = since.isoformat(timespec="seconds")
        return {"text_zh": words.zh, "text_en": words.en, "link": self.broken, "since": told}


def _drain(waiting: "queue.SimpleQueue[T]") -> list[T]:
    found: list[T] = []
    while not waiting.empty():
        found.append(waiting.get())
    return found
