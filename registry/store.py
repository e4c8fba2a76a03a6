"""SQL of the registry: what a register file says, devices, and which vendors there are."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import psycopg

from core import canary
from registry import people_store as people
from registry import selfcheck_store
from registry.accounts import names
from registry.register import Contact, Device, Home, Register


def vendor_codes(conn: psycopg.Connection) -> list[str]:
    """The code of every vendor whose devices may be registered."""
    query = "SELECT code FROM vendor WHERE removed_at IS NULL AND code <> %s ORDER BY code"
    return [row[0] for row in conn.execute(query, (canary.VENDOR,))]


def categories(conn: psycopg.Connection) -> dict[str, str]:
    """The code of each category by its code and by its names."""
    found = conn.execute("SELECT code, zh, en FROM category ORDER BY position, code").fetchall()
    return {name: code for code, *names in found for name in (code, *names)}


def write_register(conn: psycopg.Connection, register: Register) -> Counter[str]:
    """Write homes, people and devices; what was added, changed or moved is counted. It is idempotent."""
    done: Counter[str] = Counter()
    areas = _write_areas(conn, register.homes.values(), done)
    homes = {home.code: _write_home(conn, home, areas[home.area_path], done) for home in register.homes.values()}
    for person in register.people.values():
        written = people.write_person(conn, homes[person.home_code], person.name, person.values)
        done["persons written"] += written
        if written:
            people.revise(conn, homes[person.home_code])
    vendors: dict[str, int] = dict(conn.execute("SELECT code, id FROM vendor").fetchall())
    for device in register.devices.values():
        _write_device(conn, device, vendors[device.vendor], homes[device.home_code], done)
    done["self-check terminal added"] += selfcheck_store.install(conn)
    return done


def _write_areas(conn: psycopg.Connection, homes: Iterable[Home], done: Counter[str]) -> dict[str, int]:
    wanted: dict[str, str] = {}
    for home in homes:
        labels = home.area_path.split(".")
        wanted |= {".".join(labels[: level + 1]): name for level, name in enumerate(home.area_names)}
    found: dict[str, int] = {}
    for path, name in wanted.items():
        row = conn.execute(
            "INSERT INTO area (path, name) VALUES (%s, %s)"
            " ON CONFLICT (path) DO UPDATE SET name = excluded.name RETURNING id, xmax = 0",
            (path, name),
        ).fetchone()
        assert row is not None
        found[path] = row[0]
        done["areas added"] += row[1]
    return found


def _write_home(conn: psycopg.Connection, home: Home, area: int, done: Counter[str]) -> int:
    values = {"area_id": area, "address": home.address, **home.values}
    number, change = people.write_home(conn, home.code, values)
    if change:
        done[f"homes {change}"] += 1
    if people.write_contacts(conn, number, _resolved(conn, number, home.contacts)):
        done["contact lists written"] += 1
        people.revise(conn, number)
    return number


def _resolved(conn: psycopg.Connection, home_id: int, contacts: Iterable[Contact]) -> list[dict[str, Any]]:
    """The contacts of a file; of those it tells in brief what is known besides is kept."""
    known = {(one["role"], one["name"], one["phone"]): one for one in people.contacts(conn, home_id)}
    wanted = []
    for contact in contacts:
        said = {name: value for name, value in contact._asdict().items() if name != "brief"}
        same = known.get((contact.role, contact.name, contact.phone))
        wanted.append(same if contact.brief and same else said)
    return wanted


def _write_device(conn: psycopg.Connection, device: Device, vendor: int, home: int, done: Counter[str]) -> None:
    row = conn.execute(
        "SELECT id, type, home_id, room, room_kind, retired_at FROM device"
        " WHERE vendor_id = %s AND serial = %s FOR UPDATE",
        (vendor, device.serial),
    ).fetchone()
    if row is None:
        conn.execute(
            "INSERT INTO device (vendor_id, serial, type, home_id, room, room_kind) VALUES (%s, %s, %s, %s, %s, %s)",
            (vendor, device.serial, device.type, home, device.room, device.room_kind),
        )
        done["devices added"] += 1
    elif row[1:] != (device.type, home, device.room, device.room_kind, None):
        conn.execute(
            "UPDATE device SET type = %s, home_id = %s, room = %s, room_kind = %s, retired_at = NULL WHERE id = %s",
            (device.type, home, device.room, device.room_kind, row[0]),
        )
        done["devices moved or changed"] += 1


def retire_device(conn: psycopg.Connection, vendor: str, serial: str, now: datetime) -> bool:
    """Take a device out of service, keeping its history; False when there is no such device in service."""
    return (
        conn.execute(
            "UPDATE device SET retired_at = %s FROM vendor v"
            " WHERE v.id = vendor_id AND v.code = %s AND serial = %s AND retired_at IS NULL",
            (now, vendor, serial),
        ).rowcount
        == 1
    )


def write_vendor(conn: psycopg.Connection, code: str, name: str, payload_format: str) -> None:
    """Add a vendor, or one that was removed again, or change its name and payload format."""
    row = conn.execute(
        "INSERT INTO vendor (code, name, format) VALUES (%s, %s, %s)"
        " ON CONFLICT (code) DO UPDATE SET name = excluded.name, format = excluded.format, removed_at = NULL"
        " RETURNING id",
        (names.vendor(code), names.text(name, "a vendor's name"), payload_format),
    ).fetchone()
    assert row is not None
    conn.execute(
        "INSERT INTO vendor_account (username, vendor_id, made_at) VALUES (%s, %s, clock_timestamp())"
        " ON CONFLICT DO NOTHING",
        (code, row[0]),
    )
