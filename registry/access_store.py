"""SQL of the access log: who looked at the numbers or illnesses of whose home."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import psycopg

AGAIN = timedelta(minutes=1)  # a page that reads itself anew is written down no oftener


class Access(NamedTuple):
    """One account at one home within one hour."""

    first_at: datetime
    last_at: datetime
    username: str
    fields: list[str]


def write(conn: psycopg.Connection, account_id: int, home_id: int, fields: Collection[str], now: datetime) -> None:
    """Somebody is given these fields of a home and its people; nothing is written when there are none."""
    if fields:
        conn.execute(
            "INSERT INTO access_log AS l (account_id, home_id, hour, first_at, last_at, fields)"
            " VALUES (%(account)s, %(home)s, date_trunc('hour', %(now)s, 'UTC'), %(now)s, %(now)s, %(fields)s)"
            " ON CONFLICT (home_id, hour, account_id) DO UPDATE SET last_at = excluded.last_at, fields ="
            "  ARRAY(SELECT DISTINCT name FROM unnest(l.fields || excluded.fields) name ORDER BY name)"
            " WHERE l.last_at < excluded.last_at - %(again)s::interval OR NOT l.fields @> excluded.fields",
            {"account": account_id, "home": home_id, "now": now, "fields": sorted(fields), "again": AGAIN},
        )


def of_home(conn: psycopg.Connection, home_id: int) -> Iterator[Access]:
    """Who looked at a home, the newest first."""
    query = (
        "SELECT l.first_at, l.last_at, a.username, l.fields FROM access_log l JOIN account a ON a.id = l.account_id"
        " WHERE l.home_id = %s ORDER BY l.hour DESC, l.last_at DESC"
    )
    return (Access(*row) for row in conn.execute(query, (home_id,)))


def tidy(conn: psycopg.Connection) -> int:
    """Delete what is older than a year; how many lines that were."""
    row = conn.execute("SELECT tidy_registry()").fetchone()
    assert row is not None
    return int(row[0])
