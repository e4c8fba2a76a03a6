"""SQL of refused messages: kept with their reason, listed, and taken once more when the cause is mended."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import psycopg

from core.clock import to_datetime
from ingest.draft import DeadLetter, Message


def bury(conn: psycopg.Connection, letters: Sequence[DeadLetter], now: datetime) -> None:
    """Keep refused messages; one that was refused before is counted. An urgent one must be answered again."""
    counts: dict[tuple[bytes, str], tuple[DeadLetter, int]] = {}
    for letter in letters:
        key = letter.digest, letter.code
        first, count = counts.get(key, (letter, 0))
        counts[key] = first._replace(urgent=first.urgent or letter.urgent), count + 1
    with conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO dead_letter AS d"
            " (received_at, vendor_id, topic, payload, code, reason, digest, last_at, count, urgent, whole)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (digest, code) WHERE replayed_at IS NULL"
            " DO UPDATE SET count = d.count + excluded.count, last_at = excluded.last_at,"
            "   reason = CASE WHEN d.urgent AND NOT excluded.urgent THEN d.reason ELSE excluded.reason END,"
            "   urgent = d.urgent OR excluded.urgent,"
            "   answered_at = CASE WHEN excluded.urgent THEN NULL ELSE d.answered_at END",
            [
                (to_datetime(one.message.received), one.vendor_id, one.message.topic.replace("\0", "\ufffd"),
                 one.message.payload, one.code, one.reason.replace("\0", "\ufffd"), digest, now, count, one.urgent,
                 one.whole)
                for (digest, _), (one, count) in sorted(counts.items(), key=lambda item: item[0])
            ],
        )  # fmt: skip


def kept_today(conn: psycopg.Connection, now: datetime) -> dict[int, tuple[int, int]]:
    """How many refused messages and bytes of each vendor (by id) have been kept since midnight UTC."""
    found = conn.execute(
        "SELECT vendor_id, count(*), sum(octet_length(payload)) FROM dead_letter"
        " WHERE received_at >= %s AND vendor_id IS NOT NULL GROUP BY vendor_id",
        (now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0),),
    )
    return {vendor: (count, int(size)) for vendor, count, size in found}


def release_quarantine(conn: psycopg.Connection, now: datetime) -> int:
    """Ask for the replay of messages whose device has been registered since; returns how many."""
    return conn.execute(
        "UPDATE dead_letter l SET replay_requested_at = %s FROM device d"
        " WHERE l.code = 'unknown_device' AND l.whole AND l.replayed_at IS NULL AND l.replay_requested_at IS NULL"
        " AND d.vendor_id = l.vendor_id AND d.serial = split_part(l.topic, '/', 4) AND d.retired_at IS NULL"
        " AND d.home_id IS NOT NULL",
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
        "UPDATE dead_letter SET replay_requested_at = %(now)s WHERE replayed_at IS NULL AND whole"
        " AND (id = ANY(%(ids)s::bigint[]) OR code = %(code)s)",
        {"now": now, "ids": ids or [], "code": code},
    ).rowcount
