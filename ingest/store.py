"""SQL of ingest: one transaction per draft, dead letters and their replay, the registry, the heartbeat."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb

from core.packed import Flag, Packed, copy_document, pack
from ingest.pipeline import DeadLetter, Draft, Message
from ingest.registry import DeviceRow, Registry

COLUMNS = "(ts, device_id, metric, flags, value)"


class Stored(NamedTuple):
    """What a transaction wrote."""

    rows: int
    duplicates: int


def write(conn: psycopg.Connection, draft: Draft, shards: int, now: datetime) -> Stored:
    """Store readings, packed batch and refusals in one transaction; raises psycopg.Error with nothing written."""
    with conn.transaction():
        return write_within(conn, draft, shards, now)


def write_within(conn: psycopg.Connection, draft: Draft, shards: int, now: datetime) -> Stored:
    """The same inside a transaction that the caller holds."""
    rows, homes, duplicates = draft.rows()
    if len(rows):
        try:
            with conn.transaction():  # a savepoint: duplicates cost only when they happen
                _copy(conn, "reading", rows)
        except UniqueViolation:
            fresh = _repair(conn, rows)
            duplicates += len(rows) - int(fresh.sum())
            rows, homes = rows[fresh], homes[fresh]
        _hand_over(conn, rows, homes, shards, now)
    if draft.refused:
        _bury(conn, draft.refused, now)
    return Stored(len(rows), duplicates)


def _copy(conn: psycopg.Connection, table: str, rows: Packed) -> None:
    statement = "COPY reading" if table == "reading" else "COPY stage"
    with conn.cursor().copy(f"{statement} {COLUMNS} FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(copy_document(rows))


def _repair(conn: psycopg.Connection, rows: Packed) -> NDArray[np.bool_]:
    """Insert what is not there yet; returns which rows that were."""
    conn.execute("CREATE TEMP TABLE stage (LIKE reading) ON COMMIT DROP")
    _copy(conn, "stage", rows)
    inserted = conn.execute(
        f"INSERT INTO reading {COLUMNS} SELECT ts, device_id, metric, flags, value FROM stage"  # noqa: S608 - constant
        " ON CONFLICT DO NOTHING RETURNING device_id, metric, (extract(epoch FROM ts) * 1000000)::bigint"
    ).fetchall()
    conn.execute("DROP TABLE stage")
    keys = set(inserted)
    return np.array([(int(r["device"]), int(r["metric"]), int(r["ts"])) in keys for r in rows], dtype=bool)


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


def _bury(conn: psycopg.Connection, letters: Sequence[DeadLetter], now: datetime) -> None:
    with conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO dead_letter AS d (received_at, vendor_id, topic, payload, code, reason, digest, last_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (digest, code) WHERE replayed_at IS NULL"
            " DO UPDATE SET count = d.count + 1, last_at = excluded.last_at, reason = excluded.reason",
            [
                (_moment(letter.message.received), letter.vendor_id, letter.message.topic.replace("\0", "\ufffd"),
                 letter.message.payload, letter.code, letter.reason.replace("\0", "\ufffd"), letter.digest, now)
                for letter in letters
            ],
        )  # fmt: skip


def _moment(microseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)


def load_registry(conn: psycopg.Connection) -> Registry:
    """The registry as it is now."""
    vendors = conn.execute("SELECT code, id FROM vendor").fetchall()
    devices = conn.execute(
        "SELECT v.id, v.code, v.format, d.serial, d.id, d.home_id, d.type, d.retired_at IS NOT NULL"
        " FROM device d JOIN vendor v ON v.id = d.vendor_id"
    ).fetchall()
    return Registry(vendors, (DeviceRow(*row) for row in devices))


def beat(conn: psycopg.Connection, worker: str, now: datetime, detail: dict[str, object]) -> None:
    """Say that this worker lives."""
    conn.execute(
        "INSERT INTO heartbeat (process, at, detail) VALUES (%s, %s, %s)"
        " ON CONFLICT (process) DO UPDATE SET at = excluded.at, detail = excluded.detail",
        (f"ingest/{worker}", now, Jsonb(detail)),
    )


def release_quarantine(conn: psycopg.Connection, now: datetime) -> int:
    """Ask for the replay of messages whose device has been registered since; returns how many."""
    return conn.execute(
        "UPDATE dead_letter l SET replay_requested_at = %s FROM device d"
        " WHERE l.code = 'unknown_device' AND l.replayed_at IS NULL AND l.replay_requested_at IS NULL"
        " AND d.vendor_id = l.vendor_id AND d.serial = split_part(l.topic, '/', 4) AND d.retired_at IS NULL",
        (now,),
    ).rowcount


def take_replays(conn: psycopg.Connection, limit: int) -> list[tuple[int, Message]]:
    """Dead letters whose replay is wanted, locked for this transaction."""
    found = conn.execute(
        "SELECT id, topic, payload, (extract(epoch FROM received_at) * 1000000)::bigint FROM dead_letter"
        " WHERE replay_requested_at IS NOT NULL AND replayed_at IS NULL ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED",
        (limit,),
    )
    return [(letter, Message(topic, payload, received)) for letter, topic, payload, received in found]


def end_replay(conn: psycopg.Connection, letter: int, now: datetime, refused: DeadLetter | None) -> None:
    """Close a dead letter that was taken, or say why it was refused again."""
    if refused is None:
        conn.execute("UPDATE dead_letter SET replayed_at = %s WHERE id = %s", (now, letter))
        return
    taken = conn.execute(
        "SELECT 1 FROM dead_letter a JOIN dead_letter b ON b.digest = a.digest AND b.code = %s AND b.id <> a.id"
        " AND b.replayed_at IS NULL WHERE a.id = %s",
        (refused.code, letter),
    ).fetchone()
    conn.execute(
        "UPDATE dead_letter SET replay_requested_at = NULL, code = CASE WHEN %s THEN code ELSE %s END, reason = %s"
        " WHERE id = %s",
        (taken is not None, refused.code, refused.reason, letter),
    )


class Letter(NamedTuple):
    """A dead letter as an administrator lists it."""

    id: int
    last_at: datetime
    topic: str
    code: str
    reason: str
    times: int


def list_dead_letters(
    conn: psycopg.Connection, *, vendor: str | None = None, code: str | None = None, limit: int = 50
) -> list[Letter]:
    """Refused messages that wait, newest first."""
    found = conn.execute(
        "SELECT l.id, l.last_at, l.topic, l.code, l.reason, l.count FROM dead_letter l"
        " LEFT JOIN vendor v ON v.id = l.vendor_id WHERE l.replayed_at IS NULL"
        " AND (%(vendor)s::text IS NULL OR v.code = %(vendor)s) AND (%(code)s::text IS NULL OR l.code = %(code)s)"
        " ORDER BY l.id DESC LIMIT %(limit)s",
        {"vendor": vendor, "code": code, "limit": limit},
    )
    return [Letter(*row) for row in found]


def request_replay(conn: psycopg.Connection, *, ids: list[int] | None, code: str | None, now: datetime) -> int:
    """Ask the workers to take refused messages once more; returns how many."""
    return conn.execute(
        "UPDATE dead_letter SET replay_requested_at = %(now)s WHERE replayed_at IS NULL"
        " AND code <> 'session_taken'"  # the self-check's note: there is no message
        " AND (id = ANY(%(ids)s::bigint[]) OR code = %(code)s)",
        {"now": now, "ids": ids or [], "code": code},
    ).rowcount
