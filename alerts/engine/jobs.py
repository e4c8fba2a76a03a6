"""The engine's night: each home's rhythm is learned from what is stored."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import psycopg

from alerts.engine.rebuild import registered
from alerts.engine.store import inbox as store
from alerts.engine.store.snapshot import readings
from alerts.judging.fleet import Fleet, shows_life
from alerts.judging.learn import learn
from core.arrays import I4, I8
from core.binary import BASELINE
from core.catalogue import Life, metrics
from core.nightly import Job, Night
from core.settings import Settings

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


def night(settings: Settings) -> Night:
    """The night of a shard's leader."""

    def work(conn: psycopg.Connection) -> str:
        homes = learn_baselines(conn, settings.zone, datetime.now(UTC), settings.shards, settings.shard)
        return f"learned the rhythms of {homes} homes"

    return Night("engine", settings, [Job("learn", time(3, 30), work)])
