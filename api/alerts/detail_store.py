"""One alert with all that somebody who answers it asks: who lives there, whether they move, what was before."""

from datetime import datetime
from typing import Any

from psycopg import Connection

from api.accounts.store import Caller
from api.alerts.models import Alert, AlertDetail, AlertEvent, RecentAlert
from api.alerts.store import COLUMNS, EVENT_COLUMNS, JOINS, rows
from api.catalogue.rules import title
from api.homes import life_store as life
from api.homes import people_store as people

RECENT = """
    SELECT al.id, al.rule, al.severity, al.opened_at, al.resolved_at, al.disposition, al.handler_id,
           ha.name AS handler_name
    FROM alert al LEFT JOIN account ha ON ha.id = al.handler_id
    WHERE (al.subject, al.subject_id) = (%s, %s) AND al.id <> %s ORDER BY al.opened_at DESC, al.id DESC LIMIT 3
"""


def get_alert(conn: Connection, me: Caller, alert_id: int, now: datetime) -> AlertDetail | None:
    """One alert with its history, and of the people what the caller may know; None where they may not know it.

    `now` is local, for the age.
    """
    found = rows(
        conn,
        f"SELECT {COLUMNS} FROM alert al {JOINS} WHERE al.id = %s",
        (alert_id,),
    )
    if not found:
        return None
    events = rows(
        conn,
        f"SELECT {EVENT_COLUMNS} FROM alert_event e LEFT JOIN account ac ON ac.id = e.account_id"
        " WHERE e.alert_id = %s ORDER BY e.id",
        (alert_id,),
    )
    alert = found[0]
    home_id = alert["home_id"]
    return AlertDetail(
        **dict(Alert.of(alert)),
        events=[AlertEvent.of(row) for row in events],
        **dict(people.NOBODY if home_id is None else people.tell(conn, me.id, home_id, me.permissions, now)),
        last_sign=None if home_id is None else life.last_sign(conn, home_id, now),
        recent=[_recent(row) for row in rows(conn, RECENT, (alert["subject"], alert["subject_id"], alert_id))],
    )


def _recent(row: dict[str, Any]) -> RecentAlert:
    zh, en = title(row["rule"])
    handler = None if row["handler_id"] is None else {"id": row["handler_id"], "name": row["handler_name"]}
    return RecentAlert.model_validate({**row, "title_zh": zh, "title_en": en, "handler": handler})
