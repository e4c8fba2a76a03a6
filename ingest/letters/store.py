"""SQL of refused messages: kept with their reason, listed, answered for, taken once more when the cause is mended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
from psycopg.rows import class_row

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


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter as whoever looks after it sees it."""

    id: int
    received_at: datetime
    last_at: datetime  # of the last repeat
    vendor_code: str | None
    topic: str
    payload: bytes  # its beginning
    payload_bytes: int  # of the whole
    code: str
    reason: str
    count: int
    replay_requested_at: datetime | None
    replayed_at: datetime | None
    whole: bool  # all of it was kept
    urgent: bool
    answered_at: datetime | None
    answered_by: str | None  # a name
    answer: str


UNANSWERED = "l.urgent AND l.answered_at IS NULL AND l.replayed_at IS NULL"
CONDITIONS = {
    "vendor": "v.code = %(vendor)s",
    "code": "l.code = %(code)s",
    "waiting": "(l.replayed_at IS NULL) = %(waiting)s",
    "unanswered": f"({UNANSWERED}) = %(unanswered)s",
    "before": "l.id < %(before)s",
}


def page(
    conn: psycopg.Connection,
    limit: int,
    *,
    vendor: str | None = None,
    code: str | None = None,
    waiting: bool | None = None,
    unanswered: bool | None = None,
    before: int | None = None,
    shown: int = 0,
) -> list[Letter]:
    """Refused messages that this connection may see, newest first, with the first `shown` bytes of each.

    `waiting`: those that have not been stored since; `unanswered`: those that were urgent and nobody has answered for;
    false: only the others; `before`: an id, for the next page.
    """
    wanted = {"vendor": vendor, "code": code, "waiting": waiting, "unanswered": unanswered, "before": before}
    given = {name: value for name, value in wanted.items() if value is not None}
    where = " AND ".join(["true", *(CONDITIONS[name] for name in given)])
    query = (
        "SELECT l.id, l.received_at, l.last_at, v.code AS vendor_code, l.topic,"  # noqa: S608 - of constants
        " substring(l.payload FROM 1 FOR %(shown)s) AS payload, octet_length(l.payload) AS payload_bytes,"
        " l.code, l.reason, l.count, l.replay_requested_at, l.replayed_at, l.whole, l.urgent,"
        " l.answered_at, by.name AS answered_by, l.answer"
        " FROM dead_letter l LEFT JOIN vendor v ON v.id = l.vendor_id LEFT JOIN account by ON by.id = l.answered_by"
        f" WHERE {where} ORDER BY l.id DESC LIMIT %(limit)s"
    )
    with conn.cursor(row_factory=class_row(Letter)) as cursor:
        return cursor.execute(query.encode(), {**given, "limit": limit, "shown": shown}).fetchall()


def known(conn: psycopg.Connection, letter_id: int) -> bool:
    """Whether there is such a message that this connection may see."""
    return conn.execute("SELECT FROM dead_letter WHERE id = %s", (letter_id,)).rowcount == 1


def request_replay(conn: psycopg.Connection, now: datetime, *, ids: Sequence[int] = (), code: str | None = None) -> int:
    """Ask the workers to take these once more, or all of a code; returns how many wait and were kept whole."""
    return conn.execute(
        "UPDATE dead_letter SET replay_requested_at = %(now)s WHERE replayed_at IS NULL AND whole"
        " AND (id = ANY(%(ids)s::bigint[]) OR code = %(code)s)",
        {"now": now, "ids": list(ids), "code": code},
    ).rowcount


def answer(conn: psycopg.Connection, letter_id: int, account_id: int, text: str, now: datetime) -> bool:
    """Answer for an urgent message; false when there is nothing to answer, or somebody was first."""
    query = (
        "UPDATE dead_letter l SET answered_at = %(now)s, answered_by = %(account)s, answer = %(answer)s"  # noqa: S608
        f" WHERE l.id = %(id)s AND {UNANSWERED}"
    )
    values = {"id": letter_id, "account": account_id, "answer": text, "now": now}
    return conn.execute(query.encode(), values).rowcount == 1
