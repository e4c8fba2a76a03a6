"""Alerts and their history, within an area."""

from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from api import cursors
from api.accounts.store import AREA_NAME
from api.alerts.models import Alert, AlertPage, AlertQuery, Summary
from core.model import Severity

PERSON_NAMES = "(SELECT string_agg(p.name, '、' ORDER BY p.id) FROM person p WHERE p.home_id = h.id)"

COLUMNS = f"""
    al.*, h.code AS home_code, h.address AS home_address, ar.path::text AS area_path,
    {AREA_NAME.format(path="ar.path")} AS area_name, vn.code AS vendor_code, vn.name AS vendor_name,
    coalesce({PERSON_NAMES}, '') AS person_name,
    coalesce((SELECT hs.initials FROM home_search hs WHERE hs.home_id = h.id), '') AS initials,
    d.serial AS device_serial, d.type AS device_type, d.room AS device_room, ha.name AS handler_name,
    ra.name AS resolved_by_name
"""
WITHIN = "(al.area_id IS NULL OR ar.path <@ %(scope)s::ltree)"  # of a vendor or the site: for all
JOINS = """
    LEFT JOIN home h ON h.id = al.home_id LEFT JOIN area ar ON ar.id = al.area_id
    LEFT JOIN vendor vn ON vn.id = al.vendor_id LEFT JOIN device d ON d.id = al.device_id
    LEFT JOIN account ha ON ha.id = al.handler_id LEFT JOIN account ra ON ra.id = al.resolved_by_id
"""
EVENT_COLUMNS = """
    e.id AS event_id, e.at AS event_at, e.kind AS event_kind, e.note AS event_note, e.data AS event_data,
    e.account_id AS actor_id, ac.name AS actor_name
"""


def rows(conn: Connection, query: str, values: Any) -> list[dict[str, Any]]:
    """All rows of a query as dictionaries."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode(), values).fetchall()


def list_alerts(conn: Connection, scope: str, wanted: AlertQuery) -> AlertPage:
    """One page, newest first."""
    conditions = [WITHIN]
    values: dict[str, Any] = {**wanted.model_dump(), "scope": scope, "limit": wanted.limit + 1}
    if wanted.state == "active":
        conditions.append("al.state <> 'resolved'")  # as the partial index says it
    elif wanted.state != "all":
        conditions.append("al.state = %(state)s")
    for name, condition in (
        ("severity", "al.severity = %(severity)s"), ("rule", "al.rule = %(rule)s"), ("home", "al.home_id = %(home)s"),
        ("suppressed", "(al.suppressed_by IS NOT NULL) = %(suppressed)s"),
        ("since", "al.opened_at >= %(since)s"), ("until", "al.opened_at < %(until)s"),
    ):  # fmt: skip
        if values[name] is not None:
            conditions.append(condition)
    if wanted.cursor:
        values["after_at"], values["after_id"] = cursors.decode(wanted.cursor, datetime, int)
        conditions.append("(al.opened_at, al.id) < (%(after_at)s, %(after_id)s)")
    found = rows(
        conn,
        f"SELECT {COLUMNS} FROM alert al {JOINS}"
        f" WHERE {' AND '.join(conditions)} ORDER BY al.opened_at DESC, al.id DESC LIMIT %(limit)s",
        values,
    )
    more = found[wanted.limit - 1] if len(found) > wanted.limit else None
    return AlertPage(
        items=[Alert.of(row) for row in found[: wanted.limit]],
        next_cursor=cursors.encode(more["opened_at"], more["id"]) if more else None,
    )


def active_of_home(conn: Connection, home_id: int) -> list[Alert]:
    """What is not resolved in a home the caller may see, newest first."""
    found = rows(
        conn,
        f"SELECT {COLUMNS} FROM alert al {JOINS} WHERE al.home_id = %s AND al.state <> 'resolved'"
        " ORDER BY al.opened_at DESC, al.id DESC",
        (home_id,),
    )
    return [Alert.of(row) for row in found]


def summary(conn: Connection, scope: str) -> Summary:
    """Counts of what is not resolved, and the newest event, of one moment."""
    counted = conn.execute(
        "SELECT al.severity, count(*) FILTER (WHERE al.suppressed_by IS NULL),"
        "  count(al.asks_since),"
        "  count(*) FILTER (WHERE al.suppressed_by IS NOT NULL),"
        "  (SELECT coalesce(max(id), 0) FROM alert_event)"
        " FROM (VALUES (1)) one LEFT JOIN (alert al LEFT JOIN area ar ON ar.id = al.area_id)"
        f" ON al.state <> 'resolved' AND {WITHIN} GROUP BY al.severity",
        {"scope": scope},
    ).fetchall()
    nothing = dict.fromkeys(Severity, 0)
    known = [row for row in counted if row[0] is not None]
    return Summary(
        active=nothing | {Severity(row[0]): row[1] for row in known},
        unacknowledged=nothing | {Severity(row[0]): row[2] for row in known},
        suppressed=nothing | {Severity(row[0]): row[3] for row in known},
        latest_event_id=counted[0][4],
    )
