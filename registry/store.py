"""SQL of the registry: homes, devices, and which vendors there are."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import psycopg

from core import canary
from registry import selfcheck_store
from registry.accounts import names
from registry.register import Device, Home, Register


def vendor_codes(conn: psycopg.Connection) -> list[str]:
    """The code of every vendor whose devices may be registered."""
    query = "SELECT code FROM vendor WHERE removed_at IS NULL AND code <> %s ORDER BY code"
    return [row[0] for row in conn.execute(query, (canary.VENDOR,))]


def write_register(conn: psycopg.Connection, register: Register) -> Counter[str]:
    """Write homes and devices; the counter tells what was added, changed or moved. Writing twice changes nothing."""
    done: Counter[str] = Counter()
    areas = _write_areas(conn, register.homes.values(), done)
    homes = {home.code: _write_home(conn, home, areas[home.area_path], done) for home in register.homes.values()}
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
    row = conn.execute("SELECT id, area_id, address FROM home WHERE code = %s FOR UPDATE", (home.code,)).fetchone()
    if row is None:
        row = conn.execute(
            "INSERT INTO home (code, area_id, address) VALUES (%s, %s, %s) RETURNING id",
            (home.code, area, home.address),
        ).fetchone()
        assert row is not None
        done["homes added"] += 1
    elif row[1:] != (area, home.address):
        conn.execute("UPDATE home SET area_id = %s, address = %s WHERE id = %s", (area, home.address, row[0]))
        done["homes changed"] += 1
    _write_person(conn, home, row[0], done)
    _write_contacts(conn, home, row[0], done)
    return int(row[0])


def _write_person(conn: psycopg.Connection, home: Home, home_id: int, done: Counter[str]) -> None:
    written = conn.execute(
        "INSERT INTO person AS p (home_id, name, born, sex, spo2_scale) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (home_id, name) DO UPDATE"
        " SET born = excluded.born, sex = excluded.sex, spo2_scale = excluded.spo2_scale"
        " WHERE (p.born, p.sex, p.spo2_scale) IS DISTINCT FROM (excluded.born, excluded.sex, excluded.spo2_scale)",
        (home_id, home.person_name, home.born, home.sex, home.spo2_scale),
    )
    done["persons written"] += written.rowcount


def _write_contacts(conn: psycopg.Connection, home: Home, home_id: int, done: Counter[str]) -> None:
    wanted = [(contact.role, contact.name, contact.phone) for contact in home.contacts]
    query = "SELECT role, name, phone FROM contact WHERE home_id = %s ORDER BY position"
    if conn.execute(query, (home_id,)).fetchall() == wanted:
        return
    conn.execute("DELETE FROM contact WHERE home_id = %s", (home_id,))
    conn.execute(  # in one statement: what the home is found by is written after each
        "INSERT INTO contact (home_id, position, role, name, phone) SELECT %s, position, role, name, phone"
        " FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY c (role, name, phone, position)",
        (home_id, *([fields[n] for fields in wanted] for n in range(3))),
    )
    done["contact lists written"] += 1


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
