"""SQL of homes, the people in them, whom to call for them, and erasing them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from core import canary
from registry import fields
from registry.export import Entry

CONTACT = ("role", "name", "phone", "other_phones", "relation", "holds_key", "hours")
PERSON = tuple(field.name for field in fields.PERSON)
HOME = tuple(field.name for field in fields.HOME)


class ConflictError(Exception):
    """Somebody else has written this home since it was read."""


def write_home(conn: psycopg.Connection, code: str, values: Mapping[str, Any]) -> tuple[int, str]:
    """Write these columns of a home; (its id, `added`, `changed` or nothing)."""
    if "area_id" not in values or "address" not in values:
        raise ValueError("a home has an area and an address")
    row = conn.execute(
        _query(
            "INSERT INTO home (code, {columns}) VALUES (%(code)s, {values}) ON CONFLICT DO NOTHING RETURNING id", values
        ),
        {"code": code, **values},
    ).fetchone()
    if row:
        return int(row[0]), "added"
    changed = conn.execute(
        _query(
            "UPDATE home SET ({columns}, revision) = ROW({values}, revision + 1)"
            " WHERE code = %(code)s AND ROW({columns}) IS DISTINCT FROM ROW({values})",
            values,
        ),
        {"code": code, **values},
    ).rowcount
    row = conn.execute("SELECT id FROM home WHERE code = %s", (code,)).fetchone()
    assert row is not None
    return int(row[0]), "changed" if changed else ""


def revise(conn: psycopg.Connection, home_id: int) -> None:
    """Whoever reads a home and writes it later is told that it was changed in between."""
    conn.execute("UPDATE home SET revision = revision + 1 WHERE id = %s", (home_id,))


def write_person(conn: psycopg.Connection, home_id: int, name: str, values: Mapping[str, Any]) -> int:
    """Add somebody to a home, or change these columns of whoever has that name there; how many rows were written."""
    added = conn.execute(
        _query(
            "INSERT INTO person (home_id, name, {columns}) VALUES (%(home)s, %(called)s, {values})"
            " ON CONFLICT (home_id, name) DO NOTHING",
            values,
        ),
        {"home": home_id, "called": name, **values},
    ).rowcount
    return (
        added
        or conn.execute(
            _query(
                "UPDATE person SET ({columns}) = ROW({values}) WHERE home_id = %(home)s AND name = %(called)s"
                " AND ROW({columns}) IS DISTINCT FROM ROW({values})",
                values,
            ),
            {"home": home_id, "called": name, **values},
        ).rowcount
    )


def contacts(conn: psycopg.Connection, home_id: int) -> list[dict[str, Any]]:
    """Whom to call for a home, in order, by the names of CONTACT."""
    return _rows(
        conn,
        "SELECT role, name, phone, other_phones, relation, holds_key, hours FROM contact WHERE home_id = %s"
        " ORDER BY position",
        (home_id,),
    )


def write_contacts(conn: psycopg.Connection, home_id: int, wanted: Sequence[Mapping[str, Any]]) -> bool:
    """Make these the contacts of a home, in this order; False when they are already."""
    if contacts(conn, home_id) == [dict(one) for one in wanted]:
        return False
    conn.execute("DELETE FROM contact WHERE home_id = %s", (home_id,))
    conn.execute(  # in one statement: what the home is found by is written after each
        "INSERT INTO contact (home_id, position, role, name, phone, other_phones, relation, holds_key, hours)"
        " SELECT %s, number, role, name, phone, other_phones, relation, holds_key, hours"
        " FROM ROWS FROM (jsonb_to_recordset(%s) AS (role text, name text, phone text, other_phones text[],"
        "  relation text, holds_key boolean, hours text)) WITH ORDINALITY"
        "  AS c (role, name, phone, other_phones, relation, holds_key, hours, number)",
        (home_id, Jsonb([{name: one[name] for name in CONTACT} for one in wanted])),
    )
    return True


def save(
    conn: psycopg.Connection,
    home_id: int,
    revision: int,
    home: Mapping[str, Any],
    people: Iterable[tuple[int | None, str, Mapping[str, Any]]] | None,
    wanted: Sequence[Mapping[str, Any]] | None,
) -> None:
    """Write what a registrar edited, inside a transaction: columns of the home; (id, name, columns) of everybody who
    lives there, in place of those who did; the contacts. None leaves people or contacts as they are.

    Raises ConflictError when `revision` is not the one that stands there.
    """
    found = conn.execute(
        "UPDATE home SET revision = revision + 1 WHERE id = %s AND revision = %s", (home_id, revision)
    ).rowcount
    if not found:
        raise ConflictError
    if home:
        conn.execute(
            _query("UPDATE home SET ({columns}) = ROW({values}) WHERE id = %(id)s", home), {"id": home_id, **home}
        )
    if people is not None:
        _replace_people(conn, home_id, list(people))
    if wanted is not None:
        write_contacts(conn, home_id, wanted)


def _replace_people(
    conn: psycopg.Connection, home_id: int, people: Sequence[tuple[int | None, str, Mapping[str, Any]]]
) -> None:
    stay = [number for number, _, _ in people if number is not None]
    conn.execute("DELETE FROM person WHERE home_id = %s AND id <> ALL(%s)", (home_id, stay))
    for number, name, values in people:
        columns = {"name": name, **values}
        if number is None:
            statement = "INSERT INTO person (home_id, {columns}) VALUES (%(home)s, {values})"
        else:
            statement = "UPDATE person SET ({columns}) = ROW({values}) WHERE id = %(number)s AND home_id = %(home)s"
        conn.execute(_query(statement, columns), {"number": number, "home": home_id, **columns})


def people_of(conn: psycopg.Connection, home_id: int) -> list[dict[str, Any]]:
    """Everybody who lives in a home, in the order of the register: id, name and the fields of fields.PERSON."""
    with conn.cursor(row_factory=dict_row) as cursor:
        query = sql.SQL("SELECT id, name, {} FROM person WHERE home_id = %s ORDER BY id")
        return cursor.execute(query.format(_names(PERSON)), (home_id,)).fetchall()


def door(conn: psycopg.Connection, home_id: int) -> dict[str, Any]:
    """The fields of fields.HOME of a home that is there, and whether there is a photo of its door."""
    (found,) = _rows(
        conn,
        "SELECT key_place, dog, latitude, longitude,"
        "  EXISTS (SELECT FROM home_photo p WHERE p.home_id = h.id) AS has_photo FROM home h WHERE id = %s",
        (home_id,),
    )
    return found


def category_rows(conn: psycopg.Connection) -> list[tuple[str, str, str, bool]]:
    """(code, Chinese, English, whether it is still offered) of every category, in the bureau's order."""
    return conn.execute("SELECT code, zh, en, retired_at IS NULL FROM category ORDER BY position, code").fetchall()


def write_category(
    conn: psycopg.Connection, code: str, zh: str, en: str, position: int, retired_at: datetime | None
) -> None:
    """Add a category or change one. One that is retired stays with the people who have it."""
    conn.execute(
        "INSERT INTO category (code, zh, en, position, retired_at) VALUES (%s, %s, %s, %s, %s) ON CONFLICT (code)"
        " DO UPDATE SET zh = excluded.zh, en = excluded.en, position = excluded.position,"
        "  retired_at = CASE WHEN excluded.retired_at IS NULL THEN NULL"
        "   ELSE coalesce(category.retired_at, excluded.retired_at) END",
        (code, zh, en, position, retired_at),
    )


def entries(conn: psycopg.Connection) -> Iterator[Entry]:
    """Every home with its people, contacts and devices in service, by the bureau's number."""
    homes = _rows(
        conn,
        "SELECT h.id, h.code AS home_code, ar.path::text AS area_path, h.address, h.key_place, h.dog, h.latitude,"
        "  h.longitude, (SELECT string_agg(up.name, '/' ORDER BY nlevel(up.path)) FROM area up"
        "   WHERE up.path @> ar.path) AS area_names"
        " FROM home h JOIN area ar ON ar.id = h.area_id WHERE h.code <> %s AND h.address <> '' ORDER BY h.code",
        (canary.HOME,),
    )
    for home in homes:
        devices = _rows(
            conn,
            "SELECT v.code AS vendor, d.serial, d.type, d.room, d.room_kind FROM device d"
            " JOIN vendor v ON v.id = d.vendor_id WHERE d.home_id = %s AND d.retired_at IS NULL ORDER BY d.id",
            (home["id"],),
        )
        yield Entry(home, people_of(conn, home["id"]), contacts(conn, home["id"]), devices)


def home_number(conn: psycopg.Connection, code: str) -> int | None:
    """A home's id by the bureau's own number."""
    row = conn.execute("SELECT id FROM home WHERE code = %s", (code,)).fetchone()
    return None if row is None else int(row[0])


def erase_person(conn: psycopg.Connection, home_id: int, name: str) -> bool:
    """Delete somebody, and what people wrote beside the alerts of that home; False when nobody there has that name."""
    gone = conn.execute("DELETE FROM person WHERE home_id = %s AND name = %s", (home_id, name)).rowcount
    if gone:
        conn.execute("SELECT erase_alert_notes(%s)", (home_id,))
        revise(conn, home_id)
    return gone > 0


def erase_home(conn: psycopg.Connection, home_id: int, now: datetime) -> None:
    """Delete all that says where a home is and who lives there. Its alerts stay, of a home without a name."""
    conn.execute("SELECT erase_home(%s, %s)", (home_id, now))


def _names(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _query(statement: LiteralString, columns: Iterable[str]) -> sql.Composed:
    """A statement with `{columns}` and `{values}` filled in; the values are parameters of the columns' names."""
    columns = list(columns)
    return sql.SQL(statement).format(
        columns=_names(columns), values=sql.SQL(", ").join(sql.Placeholder(name) for name in columns)
    )


def _rows(conn: psycopg.Connection, query: LiteralString, values: Sequence[object]) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query, values).fetchall()
