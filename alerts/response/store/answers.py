"""SQL of the desk: an alert held while somebody answers it, and the steps that were taken."""

from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import psycopg

from alerts.lifecycle.backoff import GOES_ON
from alerts.lifecycle.states import Alert
from core.model import Disposition, Severity, State


class PastStep(NamedTuple):
    """A step in an alert's history, and whoever acted after it."""

    kind: str
    account_id: int | None
    name: str | None
    at: datetime
    before: dict[str, Any] | None
    since: datetime | None
    since_name: str | None


def hold(conn: psycopg.Connection, alert_id: int) -> Alert | None:
    """The alert as it stands, held until the transaction ends; None when there is none to be seen.

    Whoever had to wait gets the row anew, but of a joined table what it found before: names are asked for afterwards.
    """
    row = conn.execute(
        "SELECT severity, state, disposition, count, cleared_at, suppressed_until, asks_since, handler_id,"
        " acknowledged_at, dispatched_at, resolved_at, resolved_by_id"
        " FROM alert WHERE id = %s FOR UPDATE",
        (alert_id,),
    ).fetchone()
    if row is None:
        return None
    severity, state, disposition, *rest = row
    alert = Alert(Severity(severity), State(state), *rest)
    return replace(alert, disposition=disposition and Disposition(disposition))


def name(conn: psycopg.Connection, account_id: int | None) -> str | None:
    """What the account's owner is called."""
    row = conn.execute("SELECT name FROM account WHERE id = %s", (account_id,)).fetchone()
    return row[0] if row else None


def write(conn: psycopg.Connection, alert_id: int, alert: Alert) -> None:
    """What the desk may change of an alert that is held. Raises UniqueViolation where it has a successor."""
    conn.execute(
        "UPDATE alert SET state = %(state)s, handler_id = %(handler)s, acknowledged_at = %(acknowledged_at)s,"
        " dispatched_at = %(dispatched_at)s, resolved_at = %(resolved_at)s, resolved_by_id = %(resolved_by)s,"
        " disposition = %(disposition)s, asks_since = %(asks_since)s, suppressed_until = %(quiet_until)s,"
        " suppressed_by = CASE WHEN %(quiet_until)s::timestamptz IS NOT NULL THEN %(goes_on)s END WHERE id = %(alert)s",
        {
            "state": alert.state, "handler": alert.handler, "acknowledged_at": alert.acknowledged_at,
            "dispatched_at": alert.dispatched_at, "resolved_at": alert.resolved_at, "resolved_by": alert.resolved_by,
            "disposition": alert.disposition, "asks_since": alert.asks_since, "quiet_until": alert.quiet_until,
            "goes_on": GOES_ON, "alert": alert_id,
        },
    )  # fmt: skip


def read_step(conn: psycopg.Connection, alert_id: int, event_id: int) -> PastStep | None:
    """A step and the newest one after it. A remark is none; that the system closed the alert is one."""
    row = conn.execute(
        "SELECT e.kind, e.account_id, by.name, e.at, e.data->'before', later.at, later.name"
        " FROM alert_event e LEFT JOIN account by ON by.id = e.account_id"
        " LEFT JOIN LATERAL (SELECT l.at, account.name FROM alert_event l"
        "  LEFT JOIN account ON account.id = l.account_id WHERE l.alert_id = e.alert_id AND l.id > e.id"
        "  AND l.kind IN ('acknowledged', 'dispatched', 'resolved', 'undone') ORDER BY l.id DESC LIMIT 1) later ON true"
        " WHERE e.alert_id = %s AND e.id = %s",
        (alert_id, event_id),
    ).fetchone()
    return PastStep(*row) if row else None


def in_place(conn: psycopg.Connection, alert_id: int) -> tuple[State, str | None, datetime] | None:
    """State, handler and opening of the alert that stands in this one's place; perhaps it is closed by now.

    Not always a newer one: an older one may have been taken back before.
    """
    row = conn.execute(
        "SELECT other.state, account.name, other.opened_at FROM alert a"
        " JOIN alert other ON (other.subject, other.subject_id, other.rule) = (a.subject, a.subject_id, a.rule)"
        "  AND other.id <> a.id"
        " LEFT JOIN account ON account.id = other.handler_id WHERE a.id = %s"
        " ORDER BY other.state = 'resolved', other.id DESC LIMIT 1",
        (alert_id,),
    ).fetchone()
    return row and (State(row[0]), row[1], row[2])


def dump(alert: Alert) -> dict[str, Any]:
    """What a step may change, as it was before, for the step's event."""
    kept = {
        "state": alert.state, "handler": alert.handler, "acknowledged_at": alert.acknowledged_at,
        "dispatched_at": alert.dispatched_at, "asks_since": alert.asks_since, "quiet_until": alert.quiet_until,
    }  # fmt: skip
    return {name: value for name, value in kept.items() if value is not None}


def load(alert: Alert, before: dict[str, Any]) -> Alert:
    """The alert as `dump` kept it."""

    def moment(name: str) -> datetime | None:
        return datetime.fromisoformat(before[name]) if name in before else None

    return Alert(
        alert.severity, State(before["state"]), alert.count, alert.cleared_at, moment("quiet_until"),
        moment("asks_since"), before.get("handler"), moment("acknowledged_at"), moment("dispatched_at"),
    )  # fmt: skip
