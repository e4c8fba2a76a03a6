"""The API's night: sessions that are over go, and what the registry keeps of who looked at whose numbers."""

from datetime import UTC, datetime, time

import psycopg

from api.accounts import store as accounts
from api.accounts.login import DOOR
from core.nightly import Job, Night
from core.settings import Settings
from registry import access_store


def night(settings: Settings) -> Night:
    """The night of an API, with rights that its requests have not; several do the same, and it is done once."""
    return Night(
        "api", settings, [Job("sessions", time(4, 10), _sessions), Job("accesses", time(4, 20), _accesses)], role=DOOR
    )


def _sessions(conn: psycopg.Connection) -> str:
    return f"deleted {accounts.forget_sessions(conn, datetime.now(UTC))} that are over"


def _accesses(conn: psycopg.Connection) -> str:
    return f"deleted {access_store.tidy(conn)} lines older than a year"
