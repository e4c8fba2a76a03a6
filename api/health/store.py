"""Heartbeats and what waits to be judged."""

from datetime import datetime

from psycopg import Connection

from api.health.metrics import Figures
from api.health.verdict import Unheard, Vitals
from core import heartbeat_store


def vitals(conn: Connection) -> Vitals:
    """Every program's last sign of life, and the oldest batch that waits."""
    oldest = conn.execute("SELECT received_at FROM batch WHERE step IS NULL ORDER BY id LIMIT 1").fetchone()
    unheard = conn.execute(
        "SELECT coalesce(v.name, '—'), count(*), min(l.last_at)"
        " FROM dead_letter l LEFT JOIN vendor v ON v.id = l.vendor_id"
        " WHERE l.urgent AND l.answered_at IS NULL AND l.replayed_at IS NULL GROUP BY v.name ORDER BY v.name"
    ).fetchall()
    return Vitals(heartbeat_store.beats(conn), oldest[0] if oldest else None, [Unheard(*row) for row in unheard])


def alive(conn: Connection) -> None:
    """Nothing, if the database answers; raises psycopg.Error if not."""
    conn.execute("SELECT 1")


def figures(conn: Connection, now: datetime) -> Figures:
    """What /metrics tells."""
    found = vitals(conn)
    alerts = conn.execute(
        "SELECT severity, CASE WHEN suppressed_by IS NULL THEN state ELSE 'suppressed' END AS stands, count(*)"
        " FROM alert WHERE state <> 'resolved' GROUP BY severity, stands"
    ).fetchall()
    unjudged = conn.execute("SELECT count(*) FROM batch WHERE step IS NULL").fetchone()
    assert unjudged is not None
    oldest = found.oldest_unjudged
    return Figures(
        alerts={(severity, state): count for severity, state, count in alerts},
        beats=found.beats,
        unjudged=unjudged[0],
        unjudged_seconds=max((now - oldest).total_seconds(), 0) if oldest else 0.0,
        now=now,
    )
