"""SQL of the alerts: answers, findings, events."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
import psycopg

from alerts.lifecycle import Kind
from core.model import Disposition, State


class Event(NamedTuple):
    """One entry of an alert's history to write."""

    alert_id: int
    at: datetime
    kind: Kind
    account_id: int | None = None  # None: the engine
    note: str = ""
    data: dict[str, Any] = {}  # noqa: RUF012 - never written to


def add_events(conn: psycopg.Connection, events: Sequence[Event]) -> None:
    """Append to the history. Last in a transaction: it holds a lock that every writer of events waits for."""
    if not events:
        return
    conn.execute(
        "INSERT INTO alert_event (alert_id, at, kind, account_id, note, data)"
        " SELECT * FROM jsonb_to_recordset(%s) AS e"
        " (alert_id bigint, at timestamptz, kind text, account_id integer, note text, data jsonb)",
        (json([event._asdict() for event in events]),),
    )


def json(value: object) -> str:
    """JSON text; numpy's numbers are numbers, NaN is null."""
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS).decode()


def answer(
    conn: psycopg.Connection,
    alert_id: int,
    allowed: Iterable[State],
    state: State,
    account_id: int,
    now: datetime,
    scope: str | None,
    disposition: Disposition | None,
) -> bool:
    """Move an alert to `state` if it stands in one of `allowed`; False when it does not, or is not in scope."""
    done = conn.execute(
        "UPDATE alert SET state = %(state)s,"
        " handler_id = CASE WHEN %(state)s = 'resolved' THEN coalesce(handler_id, %(account)s) ELSE %(account)s END,"
        " acknowledged_at = CASE WHEN %(state)s = 'resolved' THEN acknowledged_at"
        "   ELSE coalesce(acknowledged_at, %(now)s) END,"
        " dispatched_at = CASE WHEN %(state)s = 'dispatched' THEN %(now)s ELSE dispatched_at END,"
        " resolved_at = CASE WHEN %(state)s = 'resolved' THEN %(now)s END, disposition = %(disposition)s"
        " FROM home JOIN area ON area.id = area_id"
        " WHERE alert.id = %(alert)s AND home.id = home_id AND state = ANY(%(allowed)s)"
        " AND (%(scope)s::ltree IS NULL OR area.path <@ %(scope)s::ltree)",
        {
            "state": state, "account": account_id, "now": now, "disposition": disposition, "alert": alert_id,
            "allowed": list(allowed), "scope": scope,
        },
    )  # fmt: skip
    return done.rowcount == 1


def standing(
    conn: psycopg.Connection, alert_id: int, scope: str | None
) -> tuple[State, str | None, datetime | None] | None:
    """State, handler's name and when it came to that; None when there is no such alert in scope."""
    row = conn.execute(
        "SELECT state, account.name, coalesce(resolved_at, dispatched_at, acknowledged_at) FROM alert"
        " JOIN home ON home.id = home_id JOIN area ON area.id = area_id LEFT JOIN account ON account.id = handler_id"
        " WHERE alert.id = %(alert)s"
        " AND (%(scope)s::ltree IS NULL OR area.path <@ %(scope)s::ltree)",
        {"alert": alert_id, "scope": scope},
    ).fetchone()
    return row and (State(row[0]), row[1], row[2])
