"""SQL of storing: one transaction per draft, whose readings go to the table and, packed, to the engine."""

import contextlib
from datetime import datetime
from typing import NamedTuple

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.errors import UniqueViolation

from core.binary import copy_document
from core.clock import POSTGRES_EPOCH, to_datetime
from core.packed import Flag, Packed, pack
from ingest.draft import OF_AN_INSTANT, Draft
from ingest.letters import store as letters
from ingest.store.repair import repair

EARLIEST = POSTGRES_EPOCH  # µs: the year 2000, before which nothing was stored
FEW = 50  # rows for which COPY would be no gain
COLUMNS = "(ts, device_id, metric, flags, value)"


class Stored(NamedTuple):
    """What a transaction wrote."""

    rows: int
    duplicates: int


def write(conn: psycopg.Connection, draft: Draft, shards: int, now: datetime) -> Stored:
    """Store readings, packed batch and refusals in one transaction; raises psycopg.Error with nothing written."""
    if 0 < len(draft) <= FEW and not (draft.repeats or draft.cries or draft.refused):
        with contextlib.suppress(UniqueViolation):  # nothing is written then: once more, with all care
            return _write_few(conn, draft, shards, now)
    with conn.transaction():
        return write_within(conn, draft, shards, now)


def _write_few(conn: psycopg.Connection, draft: Draft, shards: int, now: datetime) -> Stored:
    """The same in one round trip to the database instead of nine, each of which costs an emergency its wait.

    Raises UniqueViolation where a reading is stored already.
    """
    rows = draft.rows()
    with conn.pipeline(), conn.transaction():
        conn.execute(
            f"INSERT INTO reading {COLUMNS} SELECT * FROM unnest("  # noqa: S608 - constant
            " %s::timestamptz[], %s::int[], %s::smallint[], %s::smallint[], %s::float8[])",
            [[to_datetime(ts) for ts in rows.packed["ts"].tolist()],
             *(rows.packed[name].tolist() for name in ("device", "metric", "flags", "value"))],
        )  # fmt: skip
        _hand_over(conn, rows.packed, rows.homes, shards, now)
    return Stored(len(rows.packed), rows.duplicates)


def write_within(conn: psycopg.Connection, draft: Draft, shards: int, now: datetime) -> Stored:
    """The same inside a transaction that the caller holds."""
    heard = _heard_before(conn, draft, now) if draft.repeats or draft.cries else set()
    rows = draft.rows(without=heard)
    if len(rows.packed):
        try:
            with conn.transaction():  # a savepoint: duplicates cost only when they happen
                _copy(conn, rows.packed)
        except UniqueViolation:
            rows = repair(conn, rows)
        _hand_over(conn, rows.packed, rows.homes, shards, now)
    if draft.refused:
        letters.bury(conn, draft.refused, now)
    return Stored(len(rows.packed), rows.duplicates + len(heard))


def _copy(conn: psycopg.Connection, rows: Packed) -> None:
    with conn.cursor().copy(f"COPY reading {COLUMNS} FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(copy_document(rows))


def _heard_before(conn: psycopg.Connection, draft: Draft, now: datetime) -> set[int]:
    """Rows of retained emergencies that are nothing new; remembers all that are in the draft."""
    wanted = draft.cries | {repeat.digest for repeat in draft.repeats.values()}
    found = conn.execute(
        "INSERT INTO undated_emergency AS u (digest, last_at) SELECT digest, %s FROM unnest(%s::bytea[]) AS digest"
        " ORDER BY digest ON CONFLICT (digest) DO UPDATE SET last_at = greatest(u.last_at, excluded.last_at)"
        " RETURNING digest, xmax = 0",
        (now, list(wanted)),
    )
    known = draft.cries | {digest for digest, inserted in found if not inserted}
    return {row for row, repeat in draft.repeats.items() if repeat.digest in known or _stored(conn, draft, row)}


def _stored(conn: psycopg.Connection, draft: Draft, row: int) -> bool:
    """Whether a retained emergency is stored at the time it says, though that is too long ago to be believed."""
    said = draft.repeats[row].said
    if said is None or not EARLIEST <= said <= draft.ts[row]:
        return False
    found = conn.execute(
        "SELECT 1 FROM reading WHERE device_id = %s AND metric = %s AND ts >= %s AND ts < %s AND value = %s LIMIT 1",
        (draft.device[row], draft.metric[row], to_datetime(said), to_datetime(said + OF_AN_INSTANT),
         draft.value[row]),
    )  # fmt: skip
    return found.fetchone() is not None


def _hand_over(conn: psycopg.Connection, rows: Packed, homes: NDArray[np.int32], shards: int, now: datetime) -> None:
    """Queue the rows for the engine, one batch per shard and urgency; wake it for an emergency."""
    urgent = (rows["flags"] & Flag.URGENT) != 0
    for shard in np.unique(homes % shards):
        mine = homes % shards == shard
        for is_urgent in (True, False):
            part = rows[mine & (urgent == is_urgent)]
            if len(part):
                conn.execute(
                    "INSERT INTO batch (shard, received_at, urgent, rows, payload) VALUES (%s, %s, %s, %s, %b)",
                    (int(shard), now, is_urgent, len(part), pack(part)),
                )
    if urgent.any():
        conn.execute("NOTIFY batch")
