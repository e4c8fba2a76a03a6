"""Refused messages: a vendor's own, or those that concern an operator's area, as the database's policy says."""

from datetime import datetime
from typing import Any

from psycopg import Connection

from api import cursors
from api.accounts.store import Caller
from api.alerts.store import rows
from api.dead_letters.models import DeadLetter, DeadLetterPage, DeadLetterQuery

SHOWN = 4096  # bytes of a payload
UNANSWERED = "l.urgent AND l.answered_at IS NULL AND l.replayed_at IS NULL"


def list_dead_letters(conn: Connection, wanted: DeadLetterQuery) -> DeadLetterPage:
    """One page, newest first."""
    conditions = ["true"]
    values: dict[str, Any] = {**wanted.model_dump(), "limit": wanted.limit + 1, "shown": SHOWN}
    if wanted.code is not None:
        conditions.append("l.code = %(code)s")
    if wanted.vendor is not None:
        conditions.append("v.code = %(vendor)s")
    if wanted.unanswered is not None:
        conditions.append(f"({UNANSWERED}) = %(unanswered)s")
    if wanted.cursor:
        (values["before"],) = cursors.decode(wanted.cursor, int)
        conditions.append("l.id < %(before)s")
    found = rows(
        conn,
        "SELECT l.id, l.received_at, l.last_at, v.code AS vendor_code, l.topic, l.code, l.reason, l.count,"
        "  l.replay_requested_at, l.replayed_at, octet_length(l.payload) AS payload_bytes, l.whole, l.urgent,"
        "  l.answered_at, by.name AS answered_by, l.answer,"
        "  substring(l.payload FROM 1 FOR %(shown)s) AS payload"
        " FROM dead_letter l LEFT JOIN vendor v ON v.id = l.vendor_id LEFT JOIN account by ON by.id = l.answered_by"
        f" WHERE {' AND '.join(conditions)} ORDER BY l.id DESC LIMIT %(limit)s",
        values,
    )
    items = [DeadLetter.of(row) for row in found[: wanted.limit]]
    return DeadLetterPage(items=items, next_cursor=cursors.encode(items[-1].id) if len(found) > wanted.limit else None)


def request_replay(conn: Connection, letter_id: int, now: datetime) -> bool | None:
    """Ask for a replay. False when it was replayed already or is not whole; None when the caller may not know it."""
    wanted = {"replay_requested_at": now}
    return _change(conn, letter_id, wanted, "l.whole AND l.replayed_at IS NULL")


def answer(conn: Connection, me: Caller, letter_id: int, text: str, now: datetime) -> bool | None:
    """Answer for an urgent message. False when there is nothing to answer; None when the caller may not know it."""
    wanted = {"answered_at": now, "answered_by": me.id, "answer": text}
    return _change(conn, letter_id, wanted, UNANSWERED)


def _change(conn: Connection, letter_id: int, wanted: dict[str, Any], while_it: str) -> bool | None:
    """Set columns of a letter for which a condition holds. False when it does not; None when it is not to be seen."""
    columns = ", ".join(f"{name} = %({name})s" for name in wanted)
    done = conn.execute(
        f"UPDATE dead_letter l SET {columns} WHERE l.id = %(id)s AND {while_it}".encode(),
        {**wanted, "id": letter_id},
    )
    if done.rowcount:
        return True
    return False if rows(conn, "SELECT 1 FROM dead_letter WHERE id = %s", (letter_id,)) else None
