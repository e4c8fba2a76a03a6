"""`shouwang migrate`, `register`, `export`, `learn`, `doctor`: what sets a site up and looks after it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from core import database, settings
from registry import people_store as people
from registry import store
from registry.export import write
from registry.register import read_rows
from registry.sheet import SheetError, open_sheet
from shouwang.common import connect, fail


def migrate() -> None:
    """Bring the database's schema up to date; needs its owner's login."""
    applied = database.migrate(settings.load().database_url.get_secret_value())
    typer.echo(f"applied: {', '.join(applied) or 'nothing, the schema is up to date'}")


def doctor(
    disk: Annotated[Path, typer.Option(help="a folder on the disk of the database and the broker")] = Path("/"),
    admin_password_file: Annotated[
        Path | None, typer.Option(help="the broker administrator's password: its accounts are looked at too")
    ] = None,
) -> None:
    """Check settings, database, broker, programs, clock and disk, and say what to mend. Exit status 1 if it must be."""
    from deploy.doctor import Level
    from deploy.doctor.checks import examine

    marks = {Level.GOOD: "✓", Level.ODD: "!", Level.BAD: "✗"}
    worst = False
    admin = admin_password_file.read_text().strip() if admin_password_file else ""
    for finding in examine(settings.load(), disk, admin):
        worst |= finding.level is Level.BAD
        typer.echo(f"{marks[finding.level]} {finding.what}" + (f"\n    → {finding.mend}" if finding.mend else ""))
    raise typer.Exit(1 if worst else 0)


def learn() -> None:
    """Learn every home's rhythm now; the engine does it each night."""
    from alerts.engine.jobs import learn_baselines

    config = settings.load()
    with connect() as conn:
        typer.echo(f"learned {learn_baselines(conn, config.zone, datetime.now(UTC))} homes")


def register(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="CSV in UTF-8 or GB18030, or .xlsx; see docs/deployment.md"),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="check and count, write nothing")] = False,
    credentials: Annotated[
        Path | None,
        typer.Option(help="give each terminal an account at the broker; the new ones are added to this CSV"),
    ] = None,
    login_type: Annotated[
        list[str] | None, typer.Option(help="only devices of this type log in themselves; may be repeated")
    ] = None,
    admin_password_file: Annotated[Path | None, typer.Option(help="the broker administrator's password")] = None,
    broker_file: Annotated[
        Path | None, typer.Option(help="instead: the file of accounts of a broker that is stopped; for thousands")
    ] = None,
) -> None:
    """Import homes, people and devices. All or nothing; a second run changes nothing."""
    if credentials and not (admin_password_file or broker_file):
        raise fail("accounts need --admin-password-file, or --broker-file and the broker stopped; nothing written")
    with connect() as conn:
        try:
            found = read_rows(open_sheet(file).rows, store.vendor_codes(conn), store.categories(conn))
        except SheetError as error:
            raise fail(f"{file} {error}") from None
        if found.ignored:
            typer.echo(f"these columns mean nothing here and are left out: {', '.join(found.ignored)}", err=True)
        if found.errors:
            raise fail("\n".join([*map(str, found.errors), f"{len(found.errors)} rows to mend, nothing written"]))
        done = store.write_register(conn, found)
        if dry_run:
            conn.rollback()
    counts = ", ".join(f"{count} {what}" for what, count in done.items() if count)
    typer.echo(f"{'would be: ' if dry_run else ''}{counts or 'nothing to change'}")
    if credentials and not dry_run:
        from shouwang.broker import accounts_for

        typer.echo(accounts_for(found.devices.values(), login_type, credentials, admin_password_file, broker_file))


def export(file: Annotated[Path, typer.Argument(dir_okay=False, help="CSV to write; must not be there yet")]) -> None:
    """Write all homes, people and devices in service as a file that `register` reads; only its owner may read it."""
    file.touch(mode=0o600, exist_ok=False)
    with connect() as conn, file.open("w", encoding="utf-8-sig", newline="") as text:
        rows = write(people.entries(conn), text)
    typer.echo(
        f"{rows} rows; the file holds telephone numbers and illnesses: keep it where only those who need it read it"
    )
