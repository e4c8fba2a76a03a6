"""SQL of a worker's side work: the registry as it is now, what vendors are told about their devices."""

from collections.abc import Mapping
from datetime import datetime

import psycopg

from core.model import Note
from ingest.registry import DeviceRow, Registry, VendorRow


def load_registry(conn: psycopg.Connection) -> Registry:
    """The registry as it is now."""
    vendors = conn.execute("SELECT id, code, format FROM vendor").fetchall()
    devices = conn.execute(
        "SELECT v.code, d.serial, d.id, d.home_id, d.type, d.retired_at IS NOT NULL"
        " FROM device d JOIN vendor v ON v.id = d.vendor_id"
    ).fetchall()
    return Registry((VendorRow(*row) for row in vendors), (DeviceRow(*row) for row in devices))


def write_notes(conn: psycopg.Connection, notes: Mapping[tuple[int, Note], int], now: datetime) -> None:
    """Add to what vendors are told about their devices."""
    with conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO device_note AS n (device_id, code, first_at, last_at, count) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (device_id, code) DO UPDATE SET last_at = excluded.last_at, count = n.count + excluded.count",
            [(device, code, now, now, count) for (device, code), count in sorted(notes.items())],
        )
