"""What the commands share: the database, the broker administrator's password, and how they fail in one line."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import psycopg
import typer
from typer.core import TyperGroup

from core import database, settings
from core.failures import in_one_line
from deploy.broker import BrokerError
from registry.accounts import Refusal

WRONG_SETTINGS = 2  # exit status: starting again won't help
LONGEST = timedelta(days=366)  # that an account which is to end may go on

AdminPassword = Annotated[
    Path, typer.Option("--admin-password-file", dir_okay=False, help="the broker administrator's password")
]


class Commands(TyperGroup):
    """Commands that fail in one line: no traceback, whose last line may hold a password, a hash or a URL."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what it was refused, and what it needs and did not find, is said on standard error."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            line = _line(error)
            if line is None:
                raise
            raise fail(line, WRONG_SETTINGS if isinstance(error, settings.SettingsError) else 1) from None


def _line(error: Exception) -> str | None:
    if isinstance(error, Refusal | BrokerError):
        return str(error)
    return in_one_line(error, _url())


def _url() -> str:
    try:
        return settings.load().database_url.get_secret_value()
    except (ValueError, OSError):
        return ""


def fail(message: str, status: int = 1) -> typer.Exit:
    """Say why on standard error; the caller raises what this gives."""
    typer.echo(message, err=True)
    return typer.Exit(status)


def connect() -> psycopg.Connection:
    """The database, with the login that the settings give."""
    return database.connect(settings.load().database_url.get_secret_value(), "shouwang")


def table(rows: Iterable[Iterable[object]]) -> None:
    """Rows on standard output, tabs between their fields."""
    for row in rows:
        typer.echo("\t".join("" if field is None else str(field) for field in row))


def end_of(day: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The end of that local day; raises Refusal unless it lies ahead, within a year."""
    try:
        until = datetime.combine(date.fromisoformat(day) + timedelta(days=1), time(), zone)
    except (ValueError, OverflowError):
        raise Refusal(f"{day!r} is not a date such as 2027-01-31") from None
    if not now < until <= now + LONGEST:
        raise Refusal(f"{day} does not lie ahead, within a year")
    return until
