"""SQL of the alerts: answers, findings, events, and what stands open."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Self

import orjson
import psycopg

from alerts.backoff import GOES_ON
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
        " resolved_at = CASE WHEN %(state)s = 'resolved' THEN %(now)s END, disposition = %(disposition)s,"
        " suppressed_by = NULL, suppressed_until = NULL"
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
        "   late, evidence, episode_at, steps, answered, suppressed_by, suppressed_until)"
        " SELECT home_id, device_id, rule, severity, occurred_at, opened_at, last_at, count, score, late, evidence,"
        "   episode_at, coalesce(steps, 0), answered, CASE WHEN suppressed_until IS NOT NULL THEN %s END,"
        "   suppressed_until"
        " FROM jsonb_to_recordset(%s) AS r (home_id integer, device_id integer, rule text, severity text,"
        "   occurred_at timestamptz, opened_at timestamptz, last_at timestamptz, count integer, score real,"
        "   late boolean, evidence jsonb, episode_at timestamptz, steps smallint, answered text,"
        "   suppressed_until timestamptz)"
        " ON CONFLICT (home_id, rule) WHERE state <> 'resolved' DO UPDATE SET"
        "   count = a.count + excluded.count, last_at = greatest(a.last_at, excluded.last_at),"
        "   score = greatest(a.score, excluded.score), cleared_at = NULL,"
        "   opened_at = CASE WHEN a.suppressed_until IS NULL THEN a.opened_at ELSE excluded.opened_at END,"
        "   suppressed_by = NULL, suppressed_until = NULL,"
        "   episode_at = excluded.episode_at, steps = excluded.steps, answered = excluded.answered,"
        "   severity = CASE WHEN array_position(%s, excluded.severity) < array_position(%s, a.severity)"
        "     THEN excluded.severity ELSE a.severity END,"
        "   device_id = CASE WHEN a.suppressed_until IS NOT NULL"
        "     OR array_position(%s, excluded.severity) < array_position(%s, a.severity)"
        "     THEN excluded.device_id ELSE a.device_id END,"
        "   evidence = CASE WHEN a.suppressed_until IS NOT NULL"
        "     OR array_position(%s, excluded.severity) < array_position(%s, a.severity)"
        "     THEN excluded.evidence ELSE a.evidence END"
        " RETURNING id, home_id, rule, xmax = 0",
        (GOES_ON, json(records), *[[str(severity) for severity in Severity]] * 6),
    ).fetchall()
    return [Opened(*row) for row in rows]


def write_closes(conn: psycopg.Connection, alert_ids: Sequence[int], now: datetime, *, resolve: bool) -> set[int]:
    """Note that the condition is over, also of an alert that was answered before; with `resolve`, end it too.

    Returns those for which that was news, and that nobody has taken meanwhile where that would keep them from ending.
    """
    rows = conn.execute(
        "UPDATE alert SET cleared_at = %(now)s,"
        " state = CASE WHEN %(resolve)s THEN 'resolved' ELSE state END,"
        " resolved_at = CASE WHEN %(resolve)s THEN %(now)s::timestamptz ELSE resolved_at END,"
        " disposition = CASE WHEN %(resolve)s THEN 'recovered' ELSE disposition END,"
        " suppressed_by = NULL, suppressed_until = NULL"
        " WHERE id = ANY(%(ids)s) AND cleared_at IS NULL AND (NOT %(resolve)s"
        "   OR state <> 'resolved' AND (severity = %(maintenance)s OR suppressed_by = %(goes_on)s)) RETURNING id",
        {
            "now": now,
            "resolve": resolve,
            "ids": list(alert_ids),
            "maintenance": Severity.MAINTENANCE,
            "goes_on": GOES_ON,
        },
    )
    return {row[0] for row in rows}


def write_aloud(conn: psycopg.Connection, alert_ids: Sequence[int], now: datetime) -> set[int]:
    """What was only shown is raised anew. Returns those that nobody has answered meanwhile."""
    rows = conn.execute(
        "UPDATE alert SET suppressed_by = NULL, suppressed_until = NULL, opened_at = %s"
        " WHERE id = ANY(%s) AND suppressed_by = %s AND state = 'open' RETURNING id",
        (now, list(alert_ids), GOES_ON),
    )
    return {row[0] for row in rows}


class AlertRow(NamedTuple):
    """An alert as the engine needs it."""

    alert_id: int
    home_id: int
    device_id: int | None
    rule: str
    severity: Severity
    state: State
    cleared: bool
    resolved_at: datetime | None
    disposition: Disposition | None
    since: datetime  # when its episode began
    steps: int
    answered: Severity | None
    suppressed_until: datetime | None

    @classmethod
    def of(cls, row: Sequence[Any]) -> Self:
        """From a row of the view `alert_episode`."""
        found = cls(*row)
        return found._replace(
            severity=Severity(found.severity),
            disposition=Disposition(found.disposition) if found.disposition else None,
            answered=Severity(found.answered) if found.answered else None,
        )


def standing_alerts(conn: psycopg.Connection, shards: int, shard: int, resolved_since: datetime) -> list[AlertRow]:
    """Unresolved alerts, those resolved since then, and what was answered before in their episodes; older first."""
    rows = conn.execute(
        "WITH recent AS MATERIALIZED (SELECT * FROM alert_episode"
        "  WHERE home_id %% %(shards)s = %(shard)s AND (state <> 'resolved' OR resolved_at > %(since)s)),"
        " before AS (SELECT * FROM alert_episode e WHERE state = 'resolved' AND resolved_at <= %(since)s"
        "  AND EXISTS (SELECT FROM recent r WHERE r.answered IS NOT NULL AND r.home_id = e.home_id"
        "   AND r.rule = e.rule AND r.episode_at = e.episode_at))"
        " SELECT * FROM recent UNION ALL SELECT * FROM before ORDER BY alert_id",
        {"shards": shards, "shard": shard, "since": resolved_since},
    )
    return [AlertRow.of(row) for row in rows]


def newest_event(conn: psycopg.Connection) -> int:
    """The id up to which every event is visible."""
    row = conn.execute("SELECT coalesce(max(id), 0) FROM alert_event").fetchone()
    return row[0] if row else 0


def answered_between(conn: psycopg.Connection, after: int, until: int) -> list[AlertRow]:
    """Alerts that were taken or resolved by an event of that range."""
    rows = conn.execute(
        "SELECT a.* FROM alert_event e JOIN alert_episode a USING (alert_id)"
        " WHERE e.id > %s AND e.id <= %s AND kind IN ('acknowledged', 'dispatched', 'resolved') ORDER BY e.id",
        (after, until),
    )
    return [AlertRow.of(row) for row in rows]
