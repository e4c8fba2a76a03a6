"""SQL of what ingest keeps no longer. How long it is kept stands in the functions (migration 0019)."""

from datetime import timedelta

import psycopg


def tidy(conn: psycopg.Connection) -> int:
    """Delete old refused messages, hashes of emergencies and notes on devices; returns how many."""
    row = conn.execute("SELECT tidy_ingest()").fetchone()
    assert row is not None
    return int(row[0])


def drop_readings(conn: psycopg.Connection, keep: timedelta) -> int:
    """Drop the chunks of readings that are older; returns how many."""
    return len(conn.execute("SELECT drop_old_readings(%s)", (keep,)).fetchall())
