"""`shouwang vendor`: device vendors, and their accounts at the broker."""

import secrets
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from core import settings
from deploy import vendor_accounts
from deploy.vendor_accounts import administrator
from registry import store
from registry.vendors import store as vendors
from registry.vendors.store import BrokerAccount
from shouwang.common import AdminPassword, connect, end_of, fail, table

app = typer.Typer(help="Device vendors: their registration and their accounts at the broker.", no_args_is_help=True)

Day = Annotated[str, typer.Option(metavar="DATE", help="the last day, such as 2027-01-31")]
Yes = Annotated[bool, typer.Option("--yes", help="do not ask")]


@app.command("add")
def add(
    code: Annotated[str, typer.Argument(help="topic level and broker user name: a-z, 0-9 and -")],
    name: Annotated[str, typer.Option(help="as operators read it")],
    payload_format: Annotated[str, typer.Option("--format", help="payload format: flat, senml, …")] = "flat",
    admin_password_file: Annotated[
        Path | None, typer.Option(help="the broker administrator's password; without it only the database is written")
    ] = None,
) -> None:
    """Register a vendor and give it a broker account, whose password is printed once.

    Again: changes name and format only; a password stays.
    """
    from ingest.formats import discover

    if payload_format not in discover():
        raise fail(f"no format {payload_format!r}; there are {', '.join(discover())}")
    password = secrets.token_urlsafe(24)
    with connect() as conn:
        store.write_vendor(conn, code, name, payload_format)
        if not admin_password_file:
            return
        with administrator(settings.load(), admin_password_file) as broker:
            known = vendor_accounts.exists(broker, code)
            if not known:
                broker.ensure_vendor(code, password)
    if known:
        typer.echo(f"{code} has its account at the broker already and keeps its password;"
                   f" for a new one: shouwang vendor rotate {code} --until DATE", err=True)  # fmt: skip
    else:
        typer.echo(password)


@app.command("list")
def list_vendors() -> None:
    """Show every vendor: code, format, devices in service, name, state; below it its accounts at the broker."""
    with connect() as conn:
        accounts = defaultdict[str, list[BrokerAccount]](list)
        for account in vendors.accounts(conn):
            accounts[account.vendor].append(account)
        found = vendors.vendors(conn)
    zone = settings.load().zone
    for one in found:
        state = [
            f"{what} {at:%Y-%m-%d}" for what, at in (("disabled", one.disabled_at), ("removed", one.removed_at)) if at
        ]
        table([(one.code, one.format, f"{one.devices} devices", one.name, *state)])
        for account in accounts[one.code]:
            until = f"until {account.until.astimezone(zone):%Y-%m-%d %H:%M}" if account.until else "no end"
            table([("", account.username, until, "ended" if account.disabled_at else None)])


@app.command("rotate")
def rotate(code: str, until: Day, admin_password_file: AdminPassword) -> None:
    """Make a second account beside the old one, which works through that day; prints user name and password once.

    The field is moved to the new account meanwhile. `vendor expire` ends the old one.
    """
    config, now, password = settings.load(), datetime.now(UTC), secrets.token_urlsafe(24)
    with connect() as conn:
        username = vendors.rotate(conn, code, end_of(until, config.zone, now), now)
        with administrator(config, admin_password_file) as broker:
            vendor_accounts.add(broker, code, username, password)
    table([(username, password)])


@app.command("extend")
def extend(account: str, until: Day, admin_password_file: AdminPassword) -> None:
    """Let an account that has an end, or has had it, work through a later day; by its user name, see `vendor list`."""
    config, now = settings.load(), datetime.now(UTC)
    with connect() as conn:
        vendors.extend(conn, account, end_of(until, config.zone, now))
        with administrator(config, admin_password_file) as broker:
            vendor_accounts.let_in(broker, [account])
    typer.echo(f"{account} works through {until}")


@app.command("expire")
def expire(admin_password_file: AdminPassword) -> None:
    """End the accounts whose day is over; run it daily, see deploy/systemd/shouwang-expire.timer."""
    with connect() as conn:
        over = [account.username for account in vendors.expire(conn, datetime.now(UTC))]
        if over:
            with administrator(settings.load(), admin_password_file) as broker:
                vendor_accounts.cut_off(broker, over)
    typer.echo(f"ended: {', '.join(over) or 'none'}")


@app.command("disable")
def disable(code: str, admin_password_file: AdminPassword, yes: Yes = False) -> None:
    """Cut a vendor off: its accounts at the broker are disabled, its connections end. `vendor enable` undoes it."""
    with connect() as conn:
        devices = vendors.vendor(conn, code).devices
    if devices and not yes:
        typer.confirm(f"{devices} devices in service will be cut off; no SOS of theirs will arrive. Go on?", abort=True)
    with connect() as conn:
        vendors.set_disabled(conn, code, datetime.now(UTC))
        with administrator(settings.load(), admin_password_file) as broker:
            vendor_accounts.cut_off(broker, vendor_accounts.of(broker, code))
    typer.echo(f"{code} is cut off; {devices} devices in service")


@app.command("enable")
def enable(code: str, admin_password_file: AdminPassword) -> None:
    """Let a vendor in again, with the passwords it had."""
    with connect() as conn:
        vendors.set_disabled(conn, code, None)
        ended = {account.username for account in vendors.accounts(conn, code) if account.disabled_at}
        with administrator(settings.load(), admin_password_file) as broker:
            vendor_accounts.let_in(broker, (name for name in vendor_accounts.of(broker, code) if name not in ended))
    typer.echo(f"{code} may connect")


@app.command("remove")
def remove(code: str, admin_password_file: AdminPassword) -> None:
    """Take out a vendor that has no device in service, with its accounts; the history of its devices stays."""
    with connect() as conn:
        vendors.remove(conn, code, datetime.now(UTC))
        with administrator(settings.load(), admin_password_file) as broker:
            vendor_accounts.delete(broker, code)
    typer.echo(f"{code} is removed")
