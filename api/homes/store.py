"""Homes; whose, the database's policies say."""

from datetime import datetime
from typing import Any

from psycopg import Connection

from api import cursors
from api import search_store as words
from api.accounts.store import Caller
from api.alerts import store as alerts
from api.alerts.store import PERSON_NAMES, rows
from api.devices import newest_store as newest
from api.devices import store as devices
from api.devices.newest_store import ALLOWED, NEWEST, WRITTEN, silent, told
from api.homes import life_store as life
from api.homes import people_store as people
from api.homes.models import BaselineHour, Home, HomeItem, HomePage, HomeQuery
from core.model import Severity
from core.roles import Permission

EVERY = "SELECT id, code, address, path FROM home_in_scope"
SEARCHED = "SELECT s.home_id AS id, s.code, s.address, s.path FROM home_search_in_scope s"
MUTE = silent("written")  # who is heard by what is quickly read needs no closer look
# What matches is found first and once, for the page and for the count: with its own idea of how many there are, the
# plan would at times walk all homes by code until a page is full.
LIST = f"""
    WITH matching AS MATERIALIZED ({{found}} WHERE {{conditions}})
    SELECT h.id, h.code, h.address, area_name(h.path) AS area_name,
           coalesce({PERSON_NAMES}, '') AS person_name, count_d.devices, count_d.silent_devices,
           count_a.active_alerts, count_a.worst_severity, count_a.suppressed_alerts,
           (SELECT max(sign.at) {life.signs("h.id")}) AS last_life_at,
           (SELECT count(*) FROM matching) AS total
    FROM (SELECT * FROM matching ORDER BY code LIMIT %(limit)s) h
    CROSS JOIN LATERAL (
        SELECT count(*) AS devices, count(*) FILTER (WHERE {MUTE} AND {silent("seen")}) AS silent_devices
        FROM device d {ALLOWED} {told("written", WRITTEN)} {told("seen", f"{NEWEST} AND {MUTE}")}
        WHERE d.home_id = h.id AND d.retired_at IS NULL) count_d
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE a.suppressed_by IS NULL) AS active_alerts,
               count(*) FILTER (WHERE a.suppressed_by IS NOT NULL) AS suppressed_alerts,
               (array_agg(a.severity ORDER BY array_position(%(severities)s::text[], a.severity))
                FILTER (WHERE a.suppressed_by IS NULL))[1] AS worst_severity
        FROM alert a WHERE a.home_id = h.id AND a.state <> 'resolved') count_a
    ORDER BY h.code
"""


def list_homes(conn: Connection, me: Caller, wanted: HomeQuery, now: datetime) -> HomePage:
    """One page, by code; the first says how many there are."""
    found_in, conditions = EVERY, ["erased_at IS NULL"]
    values: dict[str, Any] = {
        **newest.values(conn, now), **life.values(now), "limit": wanted.limit + 1,
        "severities": list(Severity),
    }  # fmt: skip
    if wanted.q:
        found_in, conditions = SEARCHED, [words.home(wanted.q, values)]
    if wanted.cursor:
        (values["after"],) = cursors.decode(wanted.cursor, str)
        conditions.append("code > %(after)s")
    found = rows(conn, LIST.format(found=found_in, conditions=" AND ".join(conditions)), values)
    total = (found[0]["total"] if found else 0) if wanted.cursor is None else None
    items = [HomeItem(**row | _hidden(me)) for row in found[: wanted.limit]]
    following = cursors.encode(items[-1].code) if len(found) > wanted.limit else None
    return HomePage(items=items, next_cursor=following, total=total)


def get_home(conn: Connection, me: Caller, home_id: int, timezone: str, now: datetime) -> Home | None:
    """One home with all that belongs to it and that the caller may know; None where they may not know it.

    `now` is local.
    """
    found = rows(
        conn,
        "SELECT h.id, h.code, h.address, h.revision, ar.path::text AS area_path, area_name(ar.path) AS area_name"
        " FROM home h JOIN area ar ON ar.id = h.area_id WHERE h.id = %s",
        (home_id,),
    )
    if not found:
        return None
    measured = me.may(Permission.READINGS_READ)
    baseline = rows(conn, "SELECT hour, gap_seconds, days FROM baseline WHERE home_id = %s ORDER BY hour", (home_id,))
    return Home(
        **found[0],
        timezone=timezone,
        **dict(people.tell(conn, me.id, home_id, me.permissions, now)),
        devices=devices.of_home(conn, me, home_id, now),
        baseline=[BaselineHour(**row) for row in baseline if measured],
        active_alerts=alerts.active_of_home(conn, home_id) if me.may(Permission.ALERTS_READ) else [],
    )


def is_visible(conn: Connection, home_id: int) -> bool:
    """Whether the caller may know a home."""
    return conn.execute("SELECT FROM home WHERE id = %s", (home_id,)).fetchone() is not None


def _hidden(me: Caller) -> dict[str, Any]:
    """What of a line the caller's role does not show."""
    hidden: dict[str, Any] = {}
    if not me.may(Permission.PEOPLE_READ):
        hidden |= {"person_name": ""}
    if not me.may(Permission.READINGS_READ):
        hidden |= {"last_life_at": None}
    if not me.may(Permission.ALERTS_READ):
        hidden |= {"active_alerts": 0, "worst_severity": None, "suppressed_alerts": 0}
    return hidden
