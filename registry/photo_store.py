"""SQL of the photos of doors."""

from datetime import datetime

import psycopg


def write(conn: psycopg.Connection, home_id: int, jpeg: bytes, now: datetime) -> None:
    """Keep this photo of a home in place of the one before."""
    conn.execute(
        "INSERT INTO home_photo (home_id, jpeg, taken_up) VALUES (%s, %s, %s)"
        " ON CONFLICT (home_id) DO UPDATE SET jpeg = excluded.jpeg, taken_up = excluded.taken_up",
        (home_id, jpeg, now),
    )


def read(conn: psycopg.Connection, home_id: int) -> bytes | None:
    """The photo of a home, a JPEG; None when there is none."""
    row = conn.execute("SELECT jpeg FROM home_photo WHERE home_id = %s", (home_id,)).fetchone()
    return None if row is None else bytes(row[0])


def remove(conn: psycopg.Connection, home_id: int) -> bool:
    """Delete the photo of a home; False when there was none."""
    return conn.execute("DELETE FROM home_photo WHERE home_id = %s", (home_id,)).rowcount > 0
