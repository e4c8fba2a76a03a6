"""SQL of stock: devices that hang in no home."""

from collections import Counter
from collections.abc import Iterable

import psycopg

from registry.stock import Stocked


def write_delivery(conn: psycopg.Connection, devices: Iterable[Stocked]) -> Counter[str]:
    """Take devices into stock, or correct type and model of those that are there. What hangs in a home stays there."""
    done: Counter[str] = Counter()
    for device in devices:
        row = conn.execute(
            "INSERT INTO device AS d (vendor_id, serial, type, model)"
            " SELECT id, %(serial)s, %(type)s, %(model)s FROM vendor WHERE code = %(vendor)s"
            " ON CONFLICT (vendor_id, serial) DO UPDATE SET type = excluded.type, model = excluded.model"
            " WHERE (d.type, d.model) <> (excluded.type, excluded.model) RETURNING xmax = 0",
            {"vendor": device.vendor, "serial": device.serial, "type": device.type, "model": device.model},
        ).fetchone()
        if row is not None:
            done["devices taken into stock" if row[0] else "devices corrected"] += 1
    return done


def take_down(conn: psycopg.Connection, vendor: str, serial: str) -> bool:
    """Bring a device from its home back into stock; False when no such device hangs in one."""
    return (
        conn.execute(
            "UPDATE device d SET home_id = NULL, room = '', room_kind = 'unknown' FROM vendor v WHERE v.id = vendor_id"
            " AND v.code = %s AND serial = %s AND retired_at IS NULL AND home_id IS NOT NULL",
            (vendor, serial),
        ).rowcount
        == 1
    )
