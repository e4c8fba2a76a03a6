"""SQL of a worker among others: who else is there, and the locks of the vendors it serves."""

from datetime import datetime

import psycopg


def heard(conn: psycopg.Connection, since: datetime) -> list[str]:
    """The workers that have said since then that they live."""
    found = conn.execute(
        "SELECT substr(process, 8) FROM heartbeat WHERE process LIKE 'ingest/%%' AND at >= %s ORDER BY process",
        (since,),
    )
    return [name for (name,) in found]


def claim(conn: psycopg.Connection, vendor: int) -> bool:
    """Take a vendor's lock for as long as this connection lives; False when another worker has it."""
    row = conn.execute("SELECT pg_try_advisory_lock(hashtext('shouwang ingest'), %s)", (vendor,)).fetchone()
    return bool(row and row[0])


def release(conn: psycopg.Connection, vendor: int) -> None:
    """Give a vendor's lock up."""
    conn.execute("SELECT pg_advisory_unlock(hashtext('shouwang ingest'), %s)", (vendor,))
