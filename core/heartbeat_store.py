"""SQL of heartbeats: each program says that it lives, and how it goes."""

from collections.abc import Mapping
from datetime import datetime

import psycopg
from psycopg.types.json import Jsonb

from core.model import Beat


def beat(conn: psycopg.Connection, process: str, now: datetime, detail: Mapping[str, object]) -> None:
    """Say that this program lives."""
    conn.execute(
        "INSERT INTO heartbeat (process, at, detail) VALUES (%s, %s, %s)"
        " ON CONFLICT (process) DO UPDATE SET at = excluded.at, detail = excluded.detail",
        (process, now, Jsonb(detail)),
    )


def beats(conn: psycopg.Connection) -> list[Beat]:
    """Every program's last sign of life, by name."""
    return [Beat(*row) for row in conn.execute("SELECT process, at, detail FROM heartbeat ORDER BY process")]
