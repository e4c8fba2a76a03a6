"""`shouwang provision`, `migrate`, `register`, `learn`, `doctor`: what sets a site up and looks after it."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from core import database, settings, store
from core.register import read
from shouwang.common import connect, fail


def migrate() -> None:
    """Bring the database's schema up to date; needs its owner's login."""
    applied = database.migrate(settings.load().database_url.get_secret_value())
    typer.echo(f"applied: {', '.join(applied) or 'nothing, the schema is up to date'}")


def provision(
    dir: Annotated[Path, typer.Option(help="folder of the secret files; what is there is kept")],
    vendor: Annotated[list[str] | None, typer.Option(help="a vendor's code; may be repeated")] = None,
    broker_dir: Annotated[Path | None, typer.Option(help="write Mosquitto's configuration and accounts here")] = None,
    postgres_dir: Annotated[
        Path | None, typer.Option(help="a copy of the owner's password for the database container alone")
    ] = None,
    database_host: Annotated[str | None, typer.Option(help="migrate the database there and create the logins")] = None,
    database_port: int = 5432,
    uid: Annotated[int, typer.Option(help="who may read the secrets: the programs' user")] = 1883,
) -> None:
    """Make a deployment's secrets, broker accounts and database logins. A second run changes nothing."""
    from deploy import provision as deployment

    made = deployment.provision(dir, vendor or [])
    if broker_dir:
        deployment.write_broker(made, broker_dir)
    if postgres_dir:  # read by the database image's own user, in a volume that nobody else mounts
        (postgres_dir / "postgres").write_text(made.postgres)
    if database_host:
        deployment.write_urls(made, database_host, database_port, "shouwang")
        owner = (dir / "owner_url").read_text()
        typer.echo(
            f"applied: {', '.join(deployment.setup_database(owner, made)) or 'nothing, the schema is up to date'}"
        )
    if os.geteuid() == 0:
        for path in [dir, *dir.iterdir(), *([broker_dir, *broker_dir.iterdir()] if broker_dir else ())]:
            os.chown(path, uid, uid)  # Mosquitto's image and ours both run as 1883


def doctor(
    disk: Annotated[Path, typer.Option(help="a folder on the disk of the database and the broker")] = Path("/"),
) -> None:
    """Check settings, database, broker, programs, clock and disk, and say what to mend. Exit status 1 if it must be."""
    from deploy.doctor import Level
    from deploy.doctor.checks import examine

    marks = {Level.GOOD: "✓", Level.ODD: "!", Level.BAD: "✗"}
    worst = False
    for finding in examine(settings.load(), disk):
        worst |= finding.level is Level.BAD
        typer.echo(f"{marks[finding.level]} {finding.what}" + (f"\n    → {finding.mend}" if finding.mend else ""))
    raise typer.Exit(1 if worst else 0)


def learn() -> None:
    """Learn every home's rhythm now; the engine does it each night."""
    from alerts.jobs import learn_baselines

    config = settings.load()
    with connect() as conn:
        typer.echo(f"learned {learn_baselines(conn, config.zone, datetime.now(UTC))} homes")


def register(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, UTF-8; see docs/deployment.md")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="check and count, write nothing")] = False,
) -> None:
    """Import homes, people and devices. All or nothing; a second run changes nothing."""
    with connect() as conn:
        try:
            with file.open(encoding="utf-8-sig", newline="") as text:
                found = read(text, store.vendor_codes(conn))
        except UnicodeDecodeError:
            raise fail(f"{file} is not UTF-8; save it as CSV UTF-8") from None
        if found.errors:
            raise fail("\n".join([*map(str, found.errors), f"{len(found.errors)} rows to mend, nothing written"]))
        done = store.write_register(conn, found)
        if dry_run:
            conn.rollback()
    counts = ", ".join(f"{count} {what}" for what, count in done.items() if count)
    typer.echo(f"{'would be: ' if dry_run else ''}{counts or 'nothing to change'}")
