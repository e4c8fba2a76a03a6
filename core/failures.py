"""What failed, in one line that says what to do and holds no secret.

The drivers' own words may quote a URL with its password, a row with its hash, or every setting: they are passed on
only where the server itself has said them.
"""

import psycopg
from psycopg import errors

from core.database import describe
from core.settings import SettingsError

CONNECTING = (  # of libpq's words, these alone are told
    "Connection refused", "timeout expired", "password authentication failed", "too many clients",
    "starting up", "shutting down", "No route to host", "resolve host", "certificate verify failed",
)  # fmt: skip


def in_one_line(error: Exception, url: str = "") -> str | None:
    """The line; None for an error that nobody foresaw. `url` is the database's, for where it is."""
    if isinstance(error, SettingsError):
        return str(error)
    if isinstance(error, UnicodeError):
        return "what was given is not UTF-8"
    if isinstance(error, psycopg.Error):
        return _database(error, url)
    if isinstance(error, OSError):
        return ": ".join(filter(None, (str(error.filename or ""), error.strerror or type(error).__name__)))
    return None


def _database(error: psycopg.Error, url: str) -> str:
    said = error.diag.message_primary
    if isinstance(error, errors.InsufficientPrivilege):
        return f"database: {said}; use the login this command needs: see docs/deployment.md"
    if isinstance(error, errors.UndefinedTable | errors.UndefinedColumn):
        return f"database: {said}; first: shouwang migrate, with the owner's login"
    if said:
        return f"database: {said}; nothing of this step was written"
    if isinstance(error, psycopg.OperationalError):
        where = describe(url) if url else "its server"
        why = next((f": {word}" for word in CONNECTING if word in str(error)), "")
        return f"database: {where} gives no connection{why}; start it, or correct SHOUWANG_DATABASE_URL"
    return "database: its URL can't be read; see SHOUWANG_DATABASE_URL in docs/settings.md"
