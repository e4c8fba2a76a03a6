"""One alert with all that somebody who answers it asks: who lives there, whether they move, what was before."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from psycopg import Connection

from api.alerts.models import Alert, AlertDetail, AlertEvent, RecentAlert
from api.alerts.store import COLUMNS, EVENT_COLUMNS, JOINS, WITHIN, rows
from api.catalogue.rules import title
from api.homes import life_store as life
from api.homes import people_store as people

RECENT = """
    SELECT al.id, al.rule, al.severity, al.opened_at, al.resolved_at, al.disposition, al.handler_id,
           ha.name AS handler_name
    FROM alert al LEFT JOIN account ha ON ha.id = al.handler_id
    WHERE (al.subject, al.subject_id) = (%s, %s) AND al.id <> %s ORDER BY al.opened_at DESC, al.id DESC LIMIT 3
"""


def get_alert(
    conn: Connection, account_id: int, scope: str, alert_id: int, sees: Collection[str], now: datetime
) -> AlertDetail | None:
    """One alert with its history, and of the people what a caller with the permissions `sees` may know.

    None when it is not there or outside the area. `now` is local, for the age.
    """
    found = rows(
        conn,
        f"SELECT {COLUMNS} FROM alert al {JOINS} WHERE al.id = %(alert)s AND {WITHIN}",
        {"alert": alert_id, "scope": scope},
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
        **(people.NOBODY if home_id is None else people.tell(conn, account_id, home_id, sees, now))._asdict(),
        last_sign=None if home_id is None else life.last_sign(conn, home_id, now),
        recent=[_recent(row) for row in rows(conn, RECENT, (alert["subject"], alert["subject_id"], alert_id))],
    )


def _recent(row: dict[str, Any]) -> RecentAlert:
    zh, en = title(row["rule"])
    handler = None if row["handler_id"] is None else {"id": row["handler_id"], "name": row["handler_name"]}
    return RecentAlert.model_validate({**row, "title_zh": zh, "title_en": en, "handler": handler})
