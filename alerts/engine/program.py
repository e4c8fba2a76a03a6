"""The engine: leads its shard or stands by; judges what has arrived and what has not. Only its loop reads the clock."""

import logging
import random
import threading
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg

from alerts.engine.jobs import night
from alerts.engine.steps import Steps
from alerts.engine.store import inbox as store
from alerts.judging.judge import Rule
from alerts.rules import discover
from core.database import connect, describe, reason
from core.nightly import Night
from core.settings import Settings

log = logging.getLogger(__name__)

BEAT_EVERY = timedelta(seconds=2)
STANDBY_POLL = 1.0  # seconds
ORDINARY_EVERY = timedelta(milliseconds=250)  # what is no emergency is judged together
SLICE_EVERY = timedelta(seconds=1)  # 1,000 values a second: costs a city a twentieth of what storing does
REGISTRY_SETTLES = timedelta(seconds=1)  # an import of many devices is taken up once
LONGEST_WAIT = 0.5  # seconds until `stop` is seen
RETRY = (0.5, 5.0)  # seconds, first and longest


def run(settings: Settings, stop: threading.Event) -> None:
    """Run the engine until `stop` is set. Raises ImportError at once when a rule is broken."""
    Engine(settings).run(stop)


class Engine:
    """Connects, leads or stands by, and starts anew from the database after any failure."""

    def __init__(self, settings: Settings, rules: Mapping[str, Rule] | None = None) -> None:
        self.settings = settings
        self.rules = discover() if rules is None else rules

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set, through every loss of the database."""
        wait = RETRY[0]
        while not stop.is_set():
            try:
                with closing(self._connect()) as conn:
                    self._stand_by(conn, stop)
                    if not stop.is_set():
                        self._lead(conn, stop)
                        wait = RETRY[0]
            except psycopg.Error as error:
                log.warning("database: %s; trying again", reason(error))
            except Exception:  # a bug: whatever state it left is thrown away
                log.exception("a step failed; starting anew from the database")
            else:
                continue
            stop.wait(wait * random.uniform(0.5, 1))  # noqa: S311 - jitter
            wait = min(wait * 2, RETRY[1])

    def _connect(self) -> psycopg.Connection:
        url = self.settings.database_url.get_secret_value()
        conn = connect(url, f"engine/{self.settings.shard}", autocommit=True)
        log.info("connected to %s", describe(url))
        return conn

    def _stand_by(self, conn: psycopg.Connection, stop: threading.Event) -> None:
        """Until this connection has the shard's lock. The lock and the work share it: they are lost together."""
        told = False
        while not stop.is_set() and not store.try_lead(conn, self.settings.shard):
            if not told:
                log.info("standing by: another engine leads shard %d", self.settings.shard)
                told = True
            stop.wait(STANDBY_POLL)

    def _lead(self, conn: psycopg.Connection, stop: threading.Event) -> None:
        store.listen(conn)  # before the state is read, so that nothing is missed between
        watch = Steps(conn, self.settings, self.rules, _now())
        log.info("ready: leading shard %d of %d", self.settings.shard, self.settings.shards)
        with night(self.settings) as by_night:
            shift = Shift(watch, self.settings, by_night)
            while not stop.is_set():
                shift.turn(_now())


class Shift:
    """What is due when, while leading."""

    def __init__(self, watch: Steps, settings: Settings, by_night: Night) -> None:
        self.watch = watch
        self.settings = settings
        self.night = by_night
        self.now = self.ordinary_at = self.tick_at = self.latest_at = self.beat_at = datetime.min.replace(tzinfo=UTC)
        self.registry_at: datetime | None = None
        self.learned = False  # new baselines are to be taken up

    def turn(self, now: datetime) -> None:
        """One round: emergencies, a slice of the rest, whatever is due; then wait if nothing is left to judge."""
        if now < self.now:  # the machine's clock was put back: what was due by the old time is due now
            self.ordinary_at = self.tick_at = self.latest_at = self.beat_at = now
        self.now = now
        busy = self.watch.judge_lane(now, urgent=True)
        if now >= self.ordinary_at:
            more = self.watch.judge_lane(now, urgent=False)
            self.ordinary_at = now if more else now + ORDINARY_EVERY
            busy |= more
        self._due(now)
        if not busy:
            self._wait(now)

    def _due(self, now: datetime) -> None:
        if self.registry_at and now >= self.registry_at:
            self.registry_at = None
            self.watch.refresh_registry(now)
        if self.learned:
            self.learned = False
            self.watch.refresh_baselines()
        if now >= self.tick_at:
            self.tick_at = now + self.settings.tick
            self.watch.tick(now)
        if now >= self.beat_at:
            self.beat_at = now + BEAT_EVERY
            self.watch.beat(now, self.night.failed)
        if now >= self.latest_at:
            through = self.watch.write_latest()
            self.latest_at = now + (self.settings.latest_every if through else SLICE_EVERY)

    def _wait(self, now: datetime) -> None:
        """Until something is announced or due. What was announced during the work above is not missed."""
        due = min(self.ordinary_at, self.tick_at, self.beat_at, self.latest_at, self.registry_at or self.ordinary_at)
        seconds = min(max((due - now).total_seconds(), 0.0), LONGEST_WAIT)
        for notice in self.watch.conn.notifies(timeout=seconds, stop_after=1):
            if notice.channel == "registry" and self.registry_at is None:
                self.registry_at = now + REGISTRY_SETTLES
            self.learned |= notice.channel == "baseline"


def _now() -> datetime:
    return datetime.now(UTC)
