"""SQL of the simulator: history in bulk, as the schema's owner."""

from datetime import datetime

import numpy as np
import psycopg

from core.binary import copy_document
from core.packed import Packed

COLUMNS = "(ts, device_id, metric, flags, value)"


def device_ids(conn: psycopg.Connection) -> dict[str, int]:
    """Device ids by serial."""
    return dict(conn.execute("SELECT serial, id FROM device").fetchall())


def newest(conn: psycopg.Connection) -> datetime | None:
    """The newest reading there is, of any device but the self-check's, which never sleeps."""
    row = conn.execute(
        "SELECT max(ts) FROM reading WHERE device_id NOT IN (SELECT id FROM device WHERE type = 'canary')"
    ).fetchone()
    return row[0] if row else None


def write_readings(conn: psycopg.Connection, rows: Packed) -> int:
    """Store readings, leaving out those that are there; returns how many were new."""
    conn.execute("CREATE TEMP TABLE IF NOT EXISTS stage (LIKE reading)")
    conn.execute("TRUNCATE stage")
    with conn.cursor().copy(f"COPY stage {COLUMNS} FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(copy_document(rows))
    added = conn.execute(
        f"INSERT INTO reading {COLUMNS} SELECT ts, device_id, metric, flags, value FROM stage"  # noqa: S608 - constant
        " ORDER BY device_id, metric, ts ON CONFLICT DO NOTHING"
    ).rowcount
    conn.commit()
    return added


def write_latest(conn: psycopg.Connection, rows: Packed, since: np.ndarray) -> None:
    """Set the last value of each device and metric; `since` in µs, one per row."""
    with conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO latest AS l (device_id, metric, ts, value, since, seen_at)"
            " VALUES (%(d)s, %(m)s, to_timestamp(%(t)s), %(v)s, to_timestamp(%(s)s), to_timestamp(%(t)s))"
            " ON CONFLICT (device_id, metric) DO UPDATE SET ts = excluded.ts, value = excluded.value,"
            " since = excluded.since, seen_at = excluded.seen_at WHERE l.ts < excluded.ts",
            [
                {
                    "d": int(r["device"]),
                    "m": int(r["metric"]),
                    "t": int(r["ts"]) / 1e6,
                    "v": float(r["value"]),
                    "s": s / 1e6,
                }
                for r, s in zip(rows, since.tolist(), strict=True)
            ],
        )
    conn.commit()
