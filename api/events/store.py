"""The live feed's source: alert events in the order of their ids, each with its alert as it stands."""

from dataclasses import dataclass

from psycopg import Connection

from api.alerts.models import Alert, AlertEvent
from api.alerts.store import COLUMNS, EVENT_COLUMNS, JOINS, WITHIN, rows
from api.events.models import AlertChanged


@dataclass(frozen=True, slots=True)
class Change:
    """One event, and the area whose operators may see it; None: it is for all."""

    id: int
    area_path: str | None
    body: AlertChanged


def newest(conn: Connection) -> int:
    """The newest event's id; 0 when there is none."""
    row = conn.execute("SELECT coalesce(max(id), 0) FROM alert_event").fetchone()
    assert row is not None
    return int(row[0])


def after(conn: Connection, last_id: int, limit: int, scope: str | None = None) -> list[Change]:
    """The next events after `last_id`, oldest first; all areas' when no scope is given."""
    found = rows(
        conn,
        f"SELECT {EVENT_COLUMNS}, {COLUMNS} FROM alert_event e JOIN alert al ON al.id = e.alert_id {JOINS}"
        " LEFT JOIN account ac ON ac.id = e.account_id"
        f" WHERE e.id > %(last)s AND (%(scope)s::ltree IS NULL OR {WITHIN})"
        " ORDER BY e.id LIMIT %(limit)s",
        {"last": last_id, "scope": scope, "limit": limit},
    )
    return [
        Change(row["event_id"], row["area_path"], AlertChanged(event=AlertEvent.of(row), alert=Alert.of(row)))
        for row in found
    ]
