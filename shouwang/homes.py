"""`shouwang home` and `shouwang person`: who looked at a home, and erasing."""

from datetime import UTC, datetime
from typing import Annotated

import psycopg
import typer

from registry import access_store
from registry import people_store as people
from shouwang.common import connect, fail, table

home = typer.Typer(help="Single homes.", no_args_is_help=True)
person = typer.Typer(help="Single people.", no_args_is_help=True)
Yes = Annotated[bool, typer.Option("--yes", help="do not ask")]


@home.command("accesses")
def accesses(code: str) -> None:
    """List who looked at the numbers or illnesses of a home within a year: first and last time of each hour."""
    with connect() as conn:
        table(
            (f"{one.first_at:%Y-%m-%d %H:%M}", f"{one.last_at:%H:%M}", one.username, ", ".join(one.fields))
            for one in access_store.of_home(conn, _number(conn, code))
        )


@home.command("erase")
def erase_home(code: str, yes: Yes = False) -> None:
    """Erase where a home is, its people, contacts and photo, and retire its devices. Its alerts stay, nameless."""
    with connect() as conn:
        number = _number(conn, code)
        if not yes:
            typer.confirm(f"Erase home {code} for good?", abort=True)
        people.erase_home(conn, number, datetime.now(UTC))
    typer.echo(f"erased; its alerts are kept as those of home erased-{number}")


@person.command("erase")
def erase_person(home_code: str, name: str, yes: Yes = False) -> None:
    """Erase somebody, and what people wrote beside the alerts of that home. The home, its contacts and alerts stay."""
    with connect() as conn:
        number = _number(conn, home_code)
        if not yes:
            typer.confirm(f"Erase that person of home {home_code} for good?", abort=True)
        if not people.erase_person(conn, number, name):
            raise fail(f"nobody of that name lives in {home_code}")
    typer.echo("erased")


def _number(conn: psycopg.Connection, code: str) -> int:
    number = people.home_number(conn, code)
    if number is None:
        raise fail(f"no home {code}")
    return number
