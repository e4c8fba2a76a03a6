"""SQL of what vendors are told about their devices."""

from collections.abc import Mapping
from datetime import datetime

import psycopg

from core.model import Note


def write_notes(conn: psycopg.Connection, notes: Mapping[tuple[int, Note], int], now: datetime) -> None:
    """Add to what vendors are told about their devices."""
    with conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO device_note AS n (device_id, code, first_at, last_at, count) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (device_id, code) DO UPDATE SET last_at = excluded.last_at, count = n.count + excluded.count",
            [(device, code, now, now, count) for (device, code), count in sorted(notes.items())],
        )
