"""The `shouwang` command: every program and every task of an administrator.

Programs are imported where they are started: an ingest worker has no use for the web server's memory.
"""

import getpass
import hashlib
import logging
import secrets
import signal
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from argon2 import PasswordHasher

from core import database, logs, settings, store
from core.model import Role
from core.register import read
from deploy.command import certificate, provision
from device_sim.command import simulate

app = typer.Typer(
    help="Shouwang 守望: keeps watch over the safety devices in the homes of elderly people who live alone.\n\n"
    "Settings come from SHOUWANG_* variables; see docs/deployment.md.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
vendors = typer.Typer(help="Device vendors: their registration and their account at the broker.", no_args_is_help=True)
users = typer.Typer(help="People and programs that use the console and the API.", no_args_is_help=True)
devices = typer.Typer(help="Single devices.", no_args_is_help=True)
letters = typer.Typer(help="Messages that were refused.", no_args_is_help=True)
app.add_typer(vendors, name="vendor")
app.add_typer(users, name="user")
app.add_typer(devices, name="device")
app.add_typer(letters, name="dead-letters")
app.command()(simulate)
app.command()(provision)
app.command()(certificate)

Program = Callable[[settings.Settings, threading.Event], None]


def _run(program: Program) -> None:
    """Run a program until SIGTERM or Ctrl-C, or until one of its threads fails: half a program keeps no watch.

    Whoever supervises it starts it again then; the exit status is 1.
    """
    logs.begin()
    stop = threading.Event()
    failed: list[str] = []

    def fail(what: threading.ExceptHookArgs) -> None:
        failed.append(what.thread.name if what.thread else "a thread")
        logging.critical("%s failed, the program ends", failed[-1], exc_info=what.exc_value)
        stop.set()

    threading.excepthook = fail
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    program(settings.load(), stop)
    if failed:
        raise typer.Exit(1)


def _connect() -> psycopg.Connection:
    return database.connect(settings.load().database_url.get_secret_value(), "shouwang")


def _fail(message: str) -> typer.Exit:
    typer.echo(message, err=True)
    return typer.Exit(1)


@app.command()
def ingest(
    retire: Annotated[
        bool, typer.Option("--retire", help="take over what waits for the worker of this name, then end its session")
    ] = False,
) -> None:
    """Take messages from the broker into the database."""
    from ingest.worker import run

    _run(partial(run, retire=retire))


@app.command()
def engine() -> None:
    """Judge what has arrived, and what has not; a second one stands by."""
    from alerts.engine import run

    _run(run)


@app.command()
def api() -> None:
    """Serve the API and the console."""
    from api.server import run

    _run(run)


@app.command()
def canary() -> None:
    """Send a signal round the whole way every few seconds, and raise an alert when it does not come back."""
    from alerts.canary.program import run

    _run(run)


@app.command()
def migrate() -> None:
    """Bring the database's schema up to date; needs its owner's login."""
    applied = database.migrate(settings.load().database_url.get_secret_value())
    typer.echo(f"applied: {', '.join(applied) or 'nothing, the schema is up to date'}")


@app.command()
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


@app.command()
def learn() -> None:
    """Learn every home's rhythm now; the engine does it each night."""
    from alerts.jobs import learn_baselines

    config = settings.load()
    with _connect() as conn:
        typer.echo(f"learned {learn_baselines(conn, config.zone, datetime.now(UTC))} homes")


@app.command()
def register(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, UTF-8; see docs/deployment.md")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="check and count, write nothing")] = False,
) -> None:
    """Import homes, people and devices. All or nothing; a second run changes nothing."""
    with _connect() as conn:
        with file.open(encoding="utf-8-sig", newline="") as text:
            found = read(text, store.vendor_codes(conn))
        if found.errors:
            raise _fail("\n".join([*map(str, found.errors), f"{len(found.errors)} rows to mend, nothing written"]))
        done = store.write_register(conn, found)
        if dry_run:
            conn.rollback()
    counts = ", ".join(f"{count} {what}" for what, count in done.items() if count)
    typer.echo(f"{'would be: ' if dry_run else ''}{counts or 'nothing to change'}")


@vendors.command("add")
def add_vendor(
    code: Annotated[str, typer.Argument(help="topic level and broker user name: a-z, 0-9 and -")],
    name: Annotated[str, typer.Option(help="as operators read it")],
    payload_format: Annotated[str, typer.Option("--format", help="payload format: flat, senml, …")] = "flat",
    admin_password_file: Annotated[
        Path | None, typer.Option(help="the broker administrator's password; without it only the database is written")
    ] = None,
) -> None:
    """Register a vendor and give it a broker account; its new password is printed once."""
    from ingest.formats import discover

    if payload_format not in discover():
        raise _fail(f"no format {payload_format!r}; there are {', '.join(discover())}")
    config = settings.load()
    with _connect() as conn:
        store.write_vendor(conn, code, name, payload_format)
        if admin_password_file:
            from core.mqtt import context
            from deploy.broker import BrokerAdmin

            password = secrets.token_urlsafe(24)
            admin = admin_password_file.read_text().strip()
            with BrokerAdmin(config.mqtt_host, config.mqtt_port, admin, context(config)) as broker:
                broker.ensure_vendor(code, password)
            typer.echo(password)


@users.command("add")
def add_user(
    username: str,
    name: Annotated[str, typer.Option(help="as colleagues read it")],
    role: Role = Role.OPERATOR,
    area: Annotated[str | None, typer.Option(help="ltree path: sees this area and below")] = None,
    vendor: Annotated[str | None, typer.Option(help="a vendor account's vendor code")] = None,
) -> None:
    """Add a person, or give them a new password; it is asked for, or read from standard input."""
    if (role is Role.VENDOR) != (vendor is not None) or (role is Role.VENDOR) == (area is not None):
        raise _fail("a vendor account needs --vendor and no --area; every other needs --area")
    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if len(password) < 10:
        raise _fail("the password needs 10 characters or more")
    with _connect() as conn:
        store.write_account(
            conn, username=username, name=name, password_hash=PasswordHasher().hash(password),
            role=role, area=area, vendor=vendor,
        )  # fmt: skip
    typer.echo(f"{username} can log in")


@users.command("token")
def add_token(username: str, label: str, days: Annotated[int, typer.Option(min=1, max=3650)] = 365) -> None:
    """Give a program a bearer token with this account's rights; it is printed once."""
    token = secrets.token_urlsafe(32)
    expires = datetime.now(UTC) + timedelta(days=days)
    with _connect() as conn:
        if not store.write_token(conn, username, hashlib.sha256(token.encode()).digest(), label, expires):
            raise _fail(f"there is no account {username}")
    typer.echo(token)


@devices.command("retire")
def retire(vendor: str, serial: str) -> None:
    """Take a device out of service; its history stays."""
    with _connect() as conn:
        if not store.retire_device(conn, vendor, serial, datetime.now(UTC)):
            raise _fail(f"no device {vendor} {serial} is in service")
    typer.echo("retired")


@letters.command("list")
def list_letters(
    vendor: str | None = None, code: str | None = None, limit: Annotated[int, typer.Option(min=1, max=1000)] = 50
) -> None:
    """Show refused messages, newest first, with what the vendor should change."""
    from ingest.store import list_dead_letters

    with _connect() as conn:
        for letter in list_dead_letters(conn, vendor=vendor, code=code, limit=limit):
            typer.echo(
                f"{letter.id}\t{letter.last_at:%Y-%m-%d %H:%M:%S}\t{letter.code}\t×{letter.times}\t{letter.topic}"
            )
            typer.echo(f"\t{letter.reason}")


@letters.command("replay")
def replay(
    ids: Annotated[list[int] | None, typer.Argument(help="as `list` shows them")] = None,
    code: Annotated[str | None, typer.Option(help="instead of ids: all with this code")] = None,
) -> None:
    """Ask the ingest workers to take refused messages once more, after the cause was mended."""
    from ingest.store import request_replay

    if bool(ids) == bool(code):
        raise _fail("give either ids or --code")
    with _connect() as conn:
        typer.echo(f"{request_replay(conn, ids=ids, code=code, now=datetime.now(UTC))} will be replayed")
