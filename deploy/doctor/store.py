"""SQL of the doctor; reads only, with whatever login it is given."""

from datetime import datetime
from typing import Any, NamedTuple

import psycopg


class Database(NamedTuple):
    """What the server says of itself."""

    now: datetime
    server: str
    timescale: str | None
    edition: str | None
    database_bytes: int


def describe(conn: psycopg.Connection) -> Database:
    """Versions, edition, size, and the server's clock."""
    row = conn.execute(
        "SELECT clock_timestamp(), current_setting('server_version'),"
        " (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'),"
        " current_setting('timescaledb.license', true), pg_database_size(current_database())"
    ).fetchone()
    assert row is not None
    return Database(*row)


def is_encrypted(conn: psycopg.Connection) -> bool:
    """Whether this very connection is."""
    row = conn.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
    return bool(row and row[0])


def applied_migrations(conn: psycopg.Connection) -> set[str] | None:
    """Names of the migrations applied; None when there is no table of them, or this login may not read it."""
    try:
        with conn.transaction():
            return {row[0] for row in conn.execute("SELECT migration_id FROM _yoyo_migration")}
    except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
        return None


def tables(conn: psycopg.Connection) -> set[str]:
    """Our tables that are there."""
    return {row[0] for row in conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


def hypertables(conn: psycopg.Connection) -> set[str]:
    """Names of the hypertables."""
    return {row[0] for row in conn.execute("SELECT hypertable_name FROM timescaledb_information.hypertables")}


def heartbeats(conn: psycopg.Connection) -> list[tuple[str, float, dict[str, Any]]]:
    """(process, seconds since its last sign of life, detail)."""
    return conn.execute(
        "SELECT process, extract(epoch FROM clock_timestamp() - at)::float, detail FROM heartbeat ORDER BY process"
    ).fetchall()


def letters(conn: psycopg.Connection) -> tuple[int, int]:
    """(refused messages that wait, unknown devices among them)."""
    row = conn.execute(
        "SELECT (SELECT count(*) FROM dead_letter WHERE replayed_at IS NULL),"
        " (SELECT count(DISTINCT topic) FROM dead_letter WHERE replayed_at IS NULL AND code = 'unknown_device')"
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])
