"""What runs by the clock: learning each home's rhythm every night, dropping readings past their keep."""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
from apscheduler.schedulers.background import BackgroundScheduler

from alerts.engine.rebuild import registered
from alerts.engine.store import inbox as store
from alerts.engine.store.snapshot import readings
from alerts.judging.fleet import Fleet, shows_life
from alerts.judging.learn import learn
from core.arrays import I4, I8
from core.binary import BASELINE
from core.catalogue import Life, metrics
from core.database import connect
from core.settings import Settings
from registry import access_store

log = logging.getLogger(__name__)
KEEP_LETTERS = timedelta(days=90)  # a vendor that has not mended the cause by then will not replay them
KEEP_BEATS = timedelta(days=7)

LEARN_FROM = timedelta(days=21)
HOMES_AT_ONCE = 5_000  # bounds memory: 21 days of 5,000 homes are about 100 million signs of life at the very most


def learn_baselines(conn: psycopg.Connection, zone: ZoneInfo, now: datetime, shards: int = 1, shard: int = 0) -> int:
    """Learn every home's rhythm from the last 21 days and write `baseline`; returns how many homes have one."""
    fleet = registered(conn, zone, shards, shard)
    groups = max(1, -(-len(fleet.home_ids) // HOMES_AT_ONCE))
    return sum(_learn_group(conn, zone, now, shards * groups, shard + shards * group) for group in range(groups))


def _learn_group(conn: psycopg.Connection, zone: ZoneInfo, now: datetime, shards: int, shard: int) -> int:
    with conn.transaction():
        fleet = registered(conn, zone, shards, shard)
        home, ts = signs_of_life(conn, fleet, now - LEARN_FROM, now, shards, shard)
        gaps, days = learn(home, ts, len(fleet.home_ids), zone)
        row, hour = np.nonzero(~np.isnan(gaps))
        out = np.empty(len(row), BASELINE)
        out["home"], out["hour"], out["gap"], out["days"] = fleet.home_ids[row], hour, gaps[row, hour], days[row]
        store.write_baselines(conn, shards, shard, out, now)
    return len(np.unique(row))


def signs_of_life(
    conn: psycopg.Connection, fleet: Fleet, since: datetime, until: datetime, shards: int, shard: int
) -> tuple[I4, I8]:
    """(home row, µs) of every sign of life that is stored. The fleet takes the readings up as it goes."""
    alive = [metric for metric in metrics().values() if metric.life]
    nonzero = [metric.id for metric in alive if metric.life is Life.NONZERO]
    home, ts = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
    ids = [metric.id for metric in alive]
    for packed in readings(conn, since, until, ids, shards, shard, only_nonzero=nonzero):
        batch = fleet.apply(packed, packed["ts"])
        signs = batch.where(shows_life(batch))
        home.append(signs.home)
        ts.append(signs.ts)
    return np.concatenate(home), np.concatenate(ts)


@contextmanager
def nightly(settings: Settings) -> Iterator[BackgroundScheduler]:
    """Run the night's jobs while the context lasts."""
    scheduler = BackgroundScheduler(timezone=settings.zone)
    options = {"trigger": "cron", "coalesce": True, "misfire_grace_time": 6 * 3600}
    scheduler.add_job(_learn, args=[settings], hour=3, minute=30, id="learn", **options)
    if settings.shard == 0:
        scheduler.add_job(_retain, args=[settings], hour=4, minute=10, id="retention", **options)
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.shutdown(wait=False)


def _learn(settings: Settings) -> None:
    with closing(connect(settings.database_url.get_secret_value(), "engine nightly", autocommit=True)) as conn:
        homes = learn_baselines(conn, settings.zone, datetime.now(UTC), settings.shards, settings.shard)
    log.info("learned the rhythms of %d homes", homes)


def _retain(settings: Settings) -> None:
    with closing(connect(settings.database_url.get_secret_value(), "engine nightly", autocommit=True)) as conn:
        dropped = store.drop_old_readings(conn, settings.retention)
        tidied = store.tidy(conn, KEEP_LETTERS, KEEP_BEATS) + access_store.forget(conn, datetime.now(UTC))
    log.info("dropped %d chunks of readings older than %d days", dropped, settings.retention.days)
    log.info(
        "deleted %d old refused messages, ended sessions, heartbeats of programs that are gone and lines of access",
        tidied,
    )
