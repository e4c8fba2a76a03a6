"""The engine's state is a cache of the database: how it is read back at a start, and after any failure.

In order: stored readings for rules with a memory (HISTORY); `latest`, `life` and baselines; batches that were judged
after `latest` was last written; what is stored but was never handed over, as a bulk load of history; open alerts.
Readings still in the inbox are left there: they will be judged.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
from numpy.typing import NDArray

from alerts.engine.store import inbox as intake
from alerts.engine.store import snapshot
from alerts.judging.fleet import Fleet
from alerts.judging.judge import Judge, Rule
from alerts.judging.policy import Own
from alerts.lifecycle.backoff import REACH
from alerts.policy import care
from alerts.response.store import alerts as store
from core.catalogue import device_types, metrics
from core.clock import to_datetime, to_us
from core.packed import READING, Packed, unpack
from core.settings import Settings
from core.snapshot import PERSON
from registry import policy_store, snapshot_store

log = logging.getLogger(__name__)

BULK_AFTER = timedelta(minutes=10)  # nothing judged and nothing waiting for so long: perhaps readings came another way
BULK_BACK = timedelta(days=9)  # beyond the longest silent_after


def registered(conn: psycopg.Connection, zone: ZoneInfo, shards: int, shard: int) -> Fleet:
    """The shard's homes and devices, of which nothing is known yet."""
    types = device_types()
    homes = snapshot_store.home_records(conn, shards, shard)
    devices = snapshot_store.device_records(conn, shards, shard, list(types))
    return Fleet.from_snapshot(homes, devices, types=tuple(types.values()), zone=zone)


def same_registry(one: Fleet, other: Fleet) -> bool:
    """Whether two fleets have the same homes, what rules read of the people in them, and devices."""
    names = ("home_ids", "device_ids", "device_home", "device_type", "room", "installed_at")
    same = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)
    return same and all(np.array_equal(one.person(name), other.person(name)) for name in PERSON)


def load_baselines(conn: psycopg.Connection, settings: Settings, fleet: Fleet) -> None:
    """Every learned rhythm, in place of those known before."""
    home, hour, gap = snapshot.baselines(conn, settings.shards, settings.shard)
    row = fleet.rows_of_homes(home)
    fleet.baseline[:] = np.nan
    fleet.baseline[row[row >= 0], hour[row >= 0]] = gap[row >= 0]


def follow_policy(conn: psycopg.Connection, settings: Settings, judge: Judge, now: datetime) -> datetime | None:
    """Let the judge follow what is set of the rules now; when the first of it ends by itself."""
    fleet, own = judge.fleet, defaultdict[str, list[Own]](list)
    held = policy_store.in_force(conn, settings.shards, settings.shard, now)

    def take(holding: Iterable[policy_store.Holding]) -> None:
        for one in holding:
            homes = fleet.rows_of_homes(one.homes)
            own[one.rule].append(Own(one.field, homes[homes >= 0], one.value, one.quieter))

    take(held.areas)
    for rule, assessed in care.defaults(fleet).items():
        own[rule] += assessed
    take(held.homes)
    judge.follow(own)
    return held.ends


def rebuild(
    conn: psycopg.Connection, settings: Settings, rules: Mapping[str, Rule], now: datetime
) -> tuple[Judge, datetime | None]:
    """The whole state, as the database has it, and when something that is set of the rules ends by itself."""
    fleet = registered(conn, settings.zone, settings.shards, settings.shard)
    judge = Judge.new(fleet, rules)
    ends = follow_policy(conn, settings, judge, now)
    shard = (settings.shards, settings.shard)
    waits_from = intake.inbox(conn, settings.shard).oldest or now
    _remember(conn, judge, waits_from, now, shard)
    known = _load_latest(conn, fleet, shard)
    for batch in intake.judged(conn, settings.shard):
        received = to_us(batch.received_at)
        fleet.apply(unpack(batch.payload), received)
        known = max(known, received)
    _take_up_bulk(conn, fleet, known, waits_from, now, shard)
    load_baselines(conn, settings, fleet)
    judge.recall(store.standing_alerts(conn, *shard, now - REACH))
    log.info("state read: %d homes, %d devices", len(fleet.home_ids), len(fleet.device_ids))
    return judge, ends


def _remember(conn: psycopg.Connection, judge: Judge, until: datetime, now: datetime, shard: tuple[int, int]) -> None:
    """Replay stored readings through rules that keep a memory."""
    wanting = {name: rule for name, rule in judge.rules.items() if rule.history and rule.observe}
    if not wanting:
        return
    reach = {name: to_us(now - rule.history) for name, rule in wanting.items()}
    names = {metric for rule in wanting.values() for metric in rule.metrics}
    ids = [metrics()[name].id for name in names]
    for packed in snapshot.readings(conn, to_datetime(min(reach.values())), until, ids, *shard):
        judge.replay(judge.fleet.apply(packed, packed["ts"]), reach)


def _load_latest(conn: psycopg.Connection, fleet: Fleet, shard: tuple[int, int]) -> int:
    """Take up `latest` and `life`; returns the newest µs of receipt they know."""
    rows = snapshot.latest(conn, *shard)
    fleet.restore(
        metric=rows["metric"].astype(np.int16), device_id=rows["device"].astype(np.int64),
        ts=rows["ts"].astype(np.int64), value=rows["value"].astype(np.float64),
        since=rows["since"].astype(np.int64), seen=rows["seen"].astype(np.int64),
    )  # fmt: skip
    life = snapshot.life(conn, *shard)
    fleet.restore_life(life["home"].astype(np.int64), life["at"].astype(np.int64), life["device"].astype(np.int64))
    return int(rows["seen"].max(initial=0))


def _take_up_bulk(
    conn: psycopg.Connection, fleet: Fleet, known: int, until: datetime, now: datetime, shard: tuple[int, int]
) -> None:
    """Take up stored readings from after anything known and before anything that waits."""
    since = max(to_datetime(known), now - BULK_BACK)
    if until - since < BULK_AFTER or not snapshot.any_reading(conn, since, until):
        return
    count, queued = 0, _keys(intake.all_waiting(conn, shard[1]))
    for packed in snapshot.readings(conn, since, until, [metric.id for metric in metrics().values()], *shard):
        fresh = packed[~np.isin(_keys([packed]), queued)]
        fleet.apply(fresh, fresh["ts"])
        count += len(fresh)
    log.info("took up %d stored readings since %s", count, since.isoformat(timespec="seconds"))


def _keys(batches: Iterable[Packed]) -> NDArray[np.void]:
    """What makes a reading itself, as opaque bytes that can be compared."""
    layout = np.dtype([(name, READING[name]) for name in ("ts", "device", "metric")])
    rows = np.concatenate([np.zeros(0, READING), *batches])
    keys = np.empty(len(rows), layout)
    for name in layout.names or ():
        keys[name] = rows[name]
    return keys.view(f"V{layout.itemsize}")
