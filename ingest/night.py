"""Ingest's night: readings past their keep go, and refused messages that nobody has asked for in time."""

from datetime import time

import psycopg

from core.nightly import Job, Night
from core.settings import Settings
from ingest.store import old


def night(settings: Settings) -> Night:
    """The night of a worker; where several run, one of them finds something to do."""

    def readings(conn: psycopg.Connection) -> str:
        dropped = old.drop_readings(conn, settings.retention)
        return f"dropped {dropped} chunks older than {settings.retention.days} days"

    def letters(conn: psycopg.Connection) -> str:
        return f"deleted {old.tidy(conn)} old refused messages, hashes of emergencies and notes on devices"

    return Night("ingest", settings, [Job("readings", time(4, 10), readings), Job("letters", time(4, 20), letters)])
