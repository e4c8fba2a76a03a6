"""SQL of what people have set of the rules, by area and by home."""

from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import psycopg
from psycopg import sql
from psycopg.rows import class_row

from core.arrays import I4
from core.snapshot import PERSON

HOLDS = "p.ended_at IS NULL AND (p.until IS NULL OR p.until > %(now)s)"  # at once: whose clock set it is no matter
SETTING = (
    "SELECT p.id, p.rule, p.field, p.value, p.quieter, p.reason, p.since, p.until, p.review_at, p.ended_at,"
    " p.area_id, p.home_id, a.name AS area, nlevel(a.path) AS level, h.code AS home, s.name AS set_by,"
    " e.name AS ended_by"
    " FROM policy p LEFT JOIN area a ON a.id = p.area_id LEFT JOIN home h ON h.id = p.home_id"
    " LEFT JOIN account s ON s.id = p.set_by LEFT JOIN account e ON e.id = p.ended_by"
)


class Place(NamedTuple):
    """Where a value holds: an area with everything below it, or a home."""

    area_id: int | None
    home_id: int | None


class Holding(NamedTuple):
    """One value and the homes for which it was set."""

    rule: str
    field: str
    value: float
    quieter: bool
    homes: I4  # ids


class InForce(NamedTuple):
    """What holds now."""

    areas: list[Holding]  # wider ones first
    homes: list[Holding]
    ends: datetime | None  # when the first of it ends by itself


class Setting(NamedTuple):
    """One line of the history of what was set."""

    id: int
    rule: str
    field: str
    value: float
    quieter: bool
    reason: str
    since: datetime
    until: datetime | None
    review_at: datetime
    ended_at: datetime | None
    area_id: int | None
    home_id: int | None
    area: str | None
    level: int | None  # of the area, 1 the district
    home: str | None
    set_by: str | None  # none: whoever asks may not know the account
    ended_by: str | None


class NewValue(NamedTuple):
    """What somebody sets."""

    rule: str
    field: str
    value: float
    quieter: bool
    reason: str
    until: datetime | None
    review_at: datetime


def in_force(conn: psycopg.Connection, shards: int, shard: int, now: datetime) -> InForce:
    """What holds for the shard's homes."""
    areas = (
        "SELECT p.rule, p.field, p.value, p.quieter, string_agg(int4send(h.id), ''::bytea) FROM policy p"
        " JOIN area a ON a.id = p.area_id JOIN area below ON below.path <@ a.path JOIN home h ON h.area_id = below.id"
        f" WHERE {HOLDS} AND h.id %% %(shards)s = %(shard)s GROUP BY p.id, a.path ORDER BY nlevel(a.path), p.id"
    )
    homes = (
        "SELECT p.rule, p.field, p.value, p.quieter, string_agg(int4send(p.home_id), ''::bytea) FROM policy p"
        f" WHERE {HOLDS} AND p.home_id %% %(shards)s = %(shard)s GROUP BY p.rule, p.field, p.value, p.quieter"
    )
    values = {"now": now, "shards": shards, "shard": shard}
    with conn.cursor(binary=True) as cursor:
        wide, own = (
            [
                Holding(rule, field, value, quieter, np.frombuffer(ids, ">i4").astype(np.int32))
                for rule, field, value, quieter, ids in cursor.execute(query.encode(), values)
            ]
            for query in (areas, homes)
        )
    ends = conn.execute(f"SELECT min(p.until) FROM policy p WHERE {HOLDS}".encode(), {"now": now}).fetchone()
    return InForce(wide, own, ends[0] if ends else None)


def holding_at(conn: psycopg.Connection, place: Place, now: datetime) -> list[Setting]:
    """What was set for a home or an area and for every area above it, the widest first."""
    return _settings(
        conn,
        f" WHERE {HOLDS} AND (p.home_id = %(home)s OR p.area_id IN (SELECT up.id FROM area up JOIN area here"
        "   ON here.path <@ up.path WHERE here.id ="
        "   coalesce(%(area)s, (SELECT area_id FROM home WHERE id = %(home)s))))"
        " ORDER BY p.home_id NULLS FIRST, nlevel(a.path), p.id",
        {"now": now, "home": place.home_id, "area": place.area_id},
    )


def history(conn: psycopg.Connection, place: Place, limit: int = 200) -> list[Setting]:
    """Everything that was ever set for a home or an area itself, the newest first."""
    return _settings(
        conn, " WHERE p.home_id = %(home)s OR p.area_id = %(area)s ORDER BY p.id DESC LIMIT %(limit)s",
        {"home": place.home_id, "area": place.area_id, "limit": limit},
    )  # fmt: skip


def quieter(conn: psycopg.Connection, now: datetime, limit: int = 200) -> list[Setting]:
    """What makes a rule quieter somewhere, the first to end first."""
    return _settings(
        conn, f" WHERE {HOLDS} AND p.quieter ORDER BY p.until, p.id LIMIT %(limit)s", {"now": now, "limit": limit}
    )


def visible(conn: psycopg.Connection, place: Place) -> bool:
    """Whether the caller may know of that home or area; those above the caller's own they may."""
    return _any(conn, place, "home WHERE erased_at IS NULL AND", "area WHERE")


def own(conn: psycopg.Connection, place: Place) -> bool:
    """Whether that home or area lies within the caller's own, so that they may set something there."""
    return _any(conn, place, "home_in_scope WHERE erased_at IS NULL AND", "area_in_scope WHERE")


def _any(conn: psycopg.Connection, place: Place, homes: str, areas: str) -> bool:
    query = f"SELECT FROM {homes} id = %s UNION ALL SELECT FROM {areas} id = %s"
    return conn.execute(query.encode(), (place.home_id, place.area_id)).fetchone() is not None


def place(conn: psycopg.Connection, home: str | None, area: str | None) -> Place | None:
    """The home of that code or the area of that path; None where there is none."""
    found = conn.execute(
        "SELECT NULL::integer, id FROM home WHERE code = %(home)s AND erased_at IS NULL"
        " UNION ALL SELECT id, NULL FROM area WHERE path::text = %(area)s",
        {"home": home, "area": area},
    ).fetchone()
    return Place(*found) if found else None


def account(conn: psycopg.Connection, username: str) -> int | None:
    """The number of an account that is in use."""
    found = conn.execute("SELECT id FROM account WHERE username = %s AND disabled_at IS NULL", (username,)).fetchone()
    return int(found[0]) if found else None


def assessments(conn: psycopg.Connection, home_id: int) -> dict[str, int]:
    """What is known of the people of a home, by core.snapshot.PERSON."""
    columns = sql.SQL(", ").join(
        sql.SQL("coalesce({}({}), {})").format(sql.SQL(one.of_two), sql.Identifier(name), one.unknown)
        for name, one in PERSON.items()
    )
    found = conn.execute(sql.SQL("SELECT {} FROM person WHERE home_id = %s").format(columns), (home_id,)).fetchone()
    return dict(zip(PERSON, found or (), strict=True))


def put(conn: psycopg.Connection, place: Place, change: NewValue, account_id: int, now: datetime) -> int:
    """Set a value in place of the one that holds; its number."""
    values = {**change._asdict(), **place._asdict(), "by": account_id, "now": now}
    conn.execute(
        "UPDATE policy SET ended_at = %(now)s, ended_by = %(by)s WHERE rule = %(rule)s AND field = %(field)s"
        " AND area_id IS NOT DISTINCT FROM %(area_id)s AND home_id IS NOT DISTINCT FROM %(home_id)s"
        " AND ended_at IS NULL",
        values,
    )
    row = conn.execute(
        "INSERT INTO policy (rule, field, area_id, home_id, value, quieter, reason, set_by, since, until, review_at)"
        " VALUES (%(rule)s, %(field)s, %(area_id)s, %(home_id)s, %(value)s, %(quieter)s, %(reason)s, %(by)s, %(now)s,"
        "  %(until)s, %(review_at)s) RETURNING id",
        values,
    ).fetchone()
    assert row is not None
    return int(row[0])


def end(conn: psycopg.Connection, setting: int, account_id: int, now: datetime) -> bool:
    """Take a value back; False where it has ended already or is not the caller's to end."""
    return (
        conn.execute(
            "UPDATE policy SET ended_at = %s, ended_by = %s WHERE id = %s AND ended_at IS NULL",
            (now, account_id, setting),
        ).rowcount
        == 1
    )


def _settings(conn: psycopg.Connection, what: str, values: dict[str, Any]) -> list[Setting]:
    with conn.cursor(row_factory=class_row(Setting)) as cursor:
        return cursor.execute((SETTING + what).encode(), values).fetchall()
