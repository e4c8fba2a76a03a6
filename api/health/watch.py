"""Looks at the programs' health every second and tells every console: at once on a change, else every 15 seconds."""

import logging
import threading
import time
from datetime import UTC, datetime

import psycopg
from psycopg_pool import ConnectionPool

from api.events.feed import Feed, Frame
from api.health import store
from api.health.models import Health
from api.health.verdict import judge, unreachable

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds between looks
REPEAT = 15.0  # seconds after which an unchanged health is told again


def health_frame(health: Health) -> Frame:
    """The server-sent event of a health; it has no id, because nobody needs an old one."""
    return Frame(0, None, b"event: health\ndata: %s\n\n" % health.model_dump_json().encode())


class Watch:
    """A thread that outlives any failure of the database: saying so is its business."""

    def __init__(self, pool: ConnectionPool, feed: Feed, shards: int) -> None:
        self._pool, self._feed, self._shards = pool, feed, shards
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._away_since: datetime | None = None
        self._told: object = None
        self._told_at = 0.0

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        while True:
            self._tell(self._look(datetime.now(UTC)), time.monotonic())
            if self._stop.wait(EVERY):
                return

    def _look(self, now: datetime) -> Health:
        try:
            with self._pool.connection(timeout=2) as conn:
                found = store.vitals(conn)
        except psycopg.Error:
            self._away_since = self._away_since or now
            return unreachable(self._away_since, now)
        self._away_since = None
        return judge(found, self._shards, now)

    def _tell(self, health: Health, moment: float) -> None:
        frame = health_frame(health)
        self._feed.health = frame
        what = (health.status, [(one.code, one.message_en if one.aloud else "") for one in health.problems])
        if what != self._told:
            problems = ", ".join(problem.code for problem in health.problems)
            log.log(logging.INFO if health.status == "ok" else logging.WARNING, "health %s %s", health.status, problems)
        if what != self._told or moment - self._told_at >= REPEAT:
            self._told, self._told_at = what, moment
            self._feed.publish([frame])
