"""SQL that reads the engine's state back: registry, `latest`, life, baselines, stored readings.

Large results come as a few long byte strings of fixed records, made by the server's own binary send functions.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, LiteralString

import numpy as np
import psycopg

from core.arrays import F4, I1, I4
from core.binary import DEVICE, GAP, HOME, LATEST, LIFE, STORED, Records, decode
from core.packed import READING, Packed
from core.rooms import ROOMS


def homes(conn: psycopg.Connection, shards: int, shard: int) -> tuple[I4, I1]:
    """Ids and NEWS2 oxygen scale; where two persons live, the scale that alarms sooner."""
    found = _records(
        conn,
        "SELECT string_agg(int4send(id) || int2send(scale), ''::bytea) FROM ("
        "  SELECT h.id, coalesce(min(p.spo2_scale), 1)::smallint AS scale FROM home h"
        "  LEFT JOIN person p ON p.home_id = h.id WHERE h.id %% %s = %s GROUP BY h.id) AS found GROUP BY id / 100000",
        (shards, shard), HOME,
    )  # fmt: skip
    found = found[np.argsort(found["id"])]
    return found["id"].astype(np.int32), found["spo2_scale"].astype(np.int8)


def devices(conn: psycopg.Connection, shards: int, shard: int, types: Sequence[str]) -> Records:
    """Devices that hang in a home, DEVICE records; `type` is the place in `types`, `room` the one in ROOMS."""
    return _records(
        conn,
        "SELECT string_agg(int4send(id) || int4send(home_id)"
        "  || int2send((array_position(%s::text[], type) - 1)::smallint)"
        "  || int2send((array_position(%s::text[], room_kind) - 1)::smallint)"
        "  || timestamptz_send(installed_at), ''::bytea)"
        " FROM device WHERE retired_at IS NULL AND home_id %% %s = %s AND type = ANY(%s) GROUP BY id / 100000",
        (list(types), [str(room) for room in ROOMS], shards, shard, list(types)), DEVICE,
    )  # fmt: skip


def latest(conn: psycopg.Connection, shards: int, shard: int) -> Records:
    """LATEST records of the shard's devices in service."""
    return _records(
        conn,
        "SELECT string_agg(int4send(device_id) || int2send(metric) || timestamptz_send(ts) || float8send(value)"
        "  || timestamptz_send(since) || timestamptz_send(seen_at), ''::bytea)"
        " FROM latest JOIN device ON device.id = device_id"
        " WHERE retired_at IS NULL AND home_id %% %s = %s GROUP BY device_id / 100000",
        (shards, shard), LATEST,
    )  # fmt: skip


def life(conn: psycopg.Connection, shards: int, shard: int) -> Records:
    """LIFE records of the shard's homes."""
    return _records(
        conn,
        "SELECT string_agg(int4send(home_id) || timestamptz_send(at) || int4send(device_id), ''::bytea)"
        " FROM life WHERE home_id %% %s = %s GROUP BY home_id / 100000",
        (shards, shard), LIFE,
    )  # fmt: skip


def baselines(conn: psycopg.Connection, shards: int, shard: int) -> tuple[I4, I1, F4]:
    """Home id, local hour and seconds of every learned gap."""
    found = _records(
        conn,
        "SELECT string_agg(int4send(home_id) || int2send(hour) || float4send(gap_seconds), ''::bytea)"
        " FROM baseline WHERE home_id %% %s = %s GROUP BY home_id / 10000",
        (shards, shard), GAP,
    )  # fmt: skip
    return found["home"].astype(np.int32), found["hour"].astype(np.int8), found["gap"].astype(np.float32)


def readings(
    conn: psycopg.Connection,
    since: datetime,
    until: datetime,
    metrics: Sequence[int],
    shards: int = 1,
    shard: int = 0,
    step: timedelta = timedelta(hours=6),
    *,
    only_nonzero: Sequence[int] = (),
) -> Iterator[Packed]:
    """Stored readings of these metrics in [since, until), in order of time, a few hours at once to bound memory.

    Of the metrics in `only_nonzero` those with the value 0 are left out.
    """
    while since < until:
        end = min(since + step, until)
        found = _records(
            conn,
            "SELECT string_agg(timestamptz_send(ts) || int4send(device_id) || int2send(metric) || int2send(flags)"
            "  || float8send(value), ''::bytea)"
            " FROM reading JOIN device ON device.id = device_id WHERE ts >= %s AND ts < %s AND metric = ANY(%s)"
            " AND (value <> 0 OR metric <> ALL(%s)) AND home_id %% %s = %s GROUP BY device_id / 1000",
            (since, end, list(metrics), list(only_nonzero), shards, shard), STORED,
        )  # fmt: skip
        since = end
        if len(found):
            out = np.empty(len(found), READING)
            for name in STORED.names or ():
                out[name] = found[name]
            yield out[np.argsort(out["ts"], kind="stable")]


def any_reading(conn: psycopg.Connection, since: datetime, until: datetime) -> bool:
    """Whether anything is stored for that time."""
    row = conn.execute("SELECT EXISTS (SELECT FROM reading WHERE ts >= %s AND ts < %s)", (since, until)).fetchone()
    return bool(row and row[0])


def _records(conn: psycopg.Connection, query: LiteralString, values: Sequence[object], dtype: np.dtype[Any]) -> Records:
    with conn.cursor(binary=True) as cursor:
        return decode((row[0] for row in cursor.execute(query, values)), dtype)
