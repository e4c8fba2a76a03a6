"""The live feed's source: alert events in the order of their ids, each with its alert as it stands."""

from dataclasses import dataclass

from psycopg import Connection

from api.alerts.models import Alert, AlertEvent
from api.alerts.store import COLUMNS, EVENT_COLUMNS, JOINS, rows
from api.events.models import AlertChanged


@dataclass(frozen=True, slots=True)
class Change:
    """One event, and the area whose operators may see it; None: it is for all."""

    id: int
    area_path: str | None
    body: AlertChanged


def newest(conn: Connection) -> int:
    """The newest event's id; 0 when there is none."""
    row = conn.execute("SELECT newest_event()").fetchone()
    assert row is not None
    return int(row[0])


def after(conn: Connection, last_id: int, limit: int) -> list[Change]:
    """The next events after `last_id`, oldest first, of what the connection may see."""
    found = rows(
        conn,
        f"SELECT {EVENT_COLUMNS}, {COLUMNS} FROM alert_event e JOIN alert al ON al.id = e.alert_id {JOINS}"
        " LEFT JOIN account ac ON ac.id = e.account_id"
        " WHERE e.id > %s ORDER BY e.id LIMIT %s",
        (last_id, limit),
    )
    return [
        Change(row["event_id"], row["area_path"], AlertChanged(event=AlertEvent.of(row), alert=Alert.of(row)))
        for row in found
    ]
