"""SQL of the alerts: answers, findings, events, and what stands open."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Self

import orjson
import psycopg

from alerts.lifecycle import Kind
from core.model import Disposition, Severity, State


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


class Opened(NamedTuple):
    """What became of a finding in the database."""

    alert_id: int
    home_id: int
    rule: str
    inserted: bool  # a new alert; else it was added to the one that stands open


def write_raises(conn: psycopg.Connection, records: Sequence[dict[str, Any]]) -> list[Opened]:
    """Open alerts or add to those open, whichever the database finds: no race with whoever resolves one now."""
    rows = conn.execute(
        "INSERT INTO alert AS a (home_id, device_id, rule, severity, occurred_at, opened_at, last_at, count, score,"
        "   late, evidence)"
        " SELECT home_id, device_id, rule, severity, occurred_at, opened_at, last_at, count, score, late, evidence"
        " FROM jsonb_to_recordset(%s) AS r (home_id integer, device_id integer, rule text, severity text,"
        "   occurred_at timestamptz, opened_at timestamptz, last_at timestamptz, count integer, score real,"
        "   late boolean, evidence jsonb)"
        " ON CONFLICT (home_id, rule) WHERE state <> 'resolved' DO UPDATE SET"
        "   count = a.count + excluded.count, last_at = greatest(a.last_at, excluded.last_at),"
        "   score = greatest(a.score, excluded.score), cleared_at = NULL,"
        "   severity = CASE WHEN array_position(%s, excluded.severity) < array_position(%s, a.severity)"
        "     THEN excluded.severity ELSE a.severity END,"
        "   evidence = CASE WHEN array_position(%s, excluded.severity) < array_position(%s, a.severity)"
        "     THEN excluded.evidence ELSE a.evidence END"
        " RETURNING id, home_id, rule, xmax = 0",
        (json(records), *[[str(severity) for severity in Severity]] * 4),
    ).fetchall()
    return [Opened(*row) for row in rows]


def write_closes(conn: psycopg.Connection, alert_ids: Sequence[int], now: datetime, *, resolve: bool) -> set[int]:
    """Note that the condition is over; with `resolve`, end the alert too. Returns those that still stood."""
    rows = conn.execute(
        "UPDATE alert SET cleared_at = %(now)s,"
        " state = CASE WHEN %(resolve)s THEN 'resolved' ELSE state END,"
        " resolved_at = CASE WHEN %(resolve)s THEN %(now)s::timestamptz END,"
        " disposition = CASE WHEN %(resolve)s THEN 'recovered' END"
        " WHERE id = ANY(%(ids)s) AND state <> 'resolved' AND cleared_at IS NULL RETURNING id",
        {"now": now, "resolve": resolve, "ids": list(alert_ids)},
    )
    return {row[0] for row in rows}


class AlertRow(NamedTuple):
    """An alert as the engine needs it."""

    alert_id: int
    home_id: int
    rule: str
    severity: Severity
    cleared: bool
    resolved_at: datetime | None
    disposition: Disposition | None

    @classmethod
    def of(cls, row: Sequence[Any]) -> Self:
        """From the columns in their order."""
        alert_id, home_id, rule, severity, cleared, resolved_at, disposition = row
        final = Disposition(disposition) if disposition else None
        return cls(alert_id, home_id, rule, Severity(severity), cleared, resolved_at, final)


def standing_alerts(conn: psycopg.Connection, shards: int, shard: int, resolved_since: datetime) -> list[AlertRow]:
    """Unresolved alerts, and those resolved since then, older first."""
    rows = conn.execute(
        "SELECT id, home_id, rule, severity, cleared_at IS NOT NULL, resolved_at, disposition FROM alert"
        " WHERE home_id %% %s = %s AND (state <> 'resolved' OR resolved_at > %s) ORDER BY id",
        (shards, shard, resolved_since),
    )
    return [AlertRow.of(row) for row in rows]


def newest_event(conn: psycopg.Connection) -> int:
    """The id up to which every event is visible."""
    row = conn.execute("SELECT coalesce(max(id), 0) FROM alert_event").fetchone()
    return row[0] if row else 0


def resolved_between(conn: psycopg.Connection, after: int, until: int) -> list[AlertRow]:
    """Alerts whose resolution is recorded by an event of that range."""
    rows = conn.execute(
        "SELECT a.id, home_id, rule, severity, cleared_at IS NOT NULL, resolved_at, disposition"
        " FROM alert_event e JOIN alert a ON a.id = alert_id"
        " WHERE e.id > %s AND e.id <= %s AND kind = 'resolved' ORDER BY e.id",
        (after, until),
    )
    return [AlertRow.of(row) for row in rows]
