"""`shouwang broker …`: the accounts at a running Mosquitto, besides what `vendor` and `register` make."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from core import settings
from deploy import terminals
from deploy.vendor_accounts import administrator
from registry.accounts import Refusal
from registry.register import Device
from registry.vendors import store
from shouwang.common import AdminPassword, connect, fail

NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
app = typer.Typer(help="Accounts at the broker (Mosquitto's dynamic security).", no_args_is_help=True)
Credentials = Annotated[Path, typer.Option(help="CSV the new logins are added to; only its owner can read it")]


@app.command("update")
def update(admin_password_file: AdminPassword) -> None:
    """Give our own accounts the rights of this version and deny what it denies. A second run changes nothing."""
    with administrator(settings.load(), admin_password_file) as broker:
        changed = broker.bring_up_to_date()
    typer.echo(f"changed: {', '.join(changed) or 'nothing, the accounts are up to date'}")


@app.command("cloud")
def cloud(
    vendor: Annotated[str, typer.Argument(help="the vendor's code; it has its account already (vendor add)")],
    names: Annotated[list[str], typer.Argument(help="one for each connection of its cloud: 1 2, or a machine's name")],
    admin_password_file: AdminPassword,
    credentials: Credentials,
) -> None:
    """Give each connection of a vendor's cloud an account of its own, bound to a client id that nobody can guess."""
    if not all(NAME.fullmatch(name) for name in names):
        raise typer.BadParameter("a name is letters, digits and -")
    _may_log_in([vendor])
    with administrator(settings.load(), admin_password_file) as broker:
        made = terminals.make(broker, [terminals.for_cloud(vendor, name) for name in names], credentials)
    typer.echo(f"{made} accounts made")


@app.command("remove")
def remove(username: str, admin_password_file: AdminPassword) -> None:
    """Take a terminal's or a cloud connection's account away, and close its connections.

    `register` makes a terminal's anew, with a new password. Whole vendors: `shouwang vendor disable` and `remove`.
    """
    if "/" not in username:
        raise fail(f"{username} is no terminal's account (vendor/serial); for a vendor: shouwang vendor remove")
    with administrator(settings.load(), admin_password_file) as broker:
        broker.remove(username)
    typer.echo("removed")


def accounts_for(
    devices: Iterable[Device], types: list[str] | None, credentials: Path, password_file: Path | None, file: Path | None
) -> str:
    """Give each of these devices its account, at the running broker or in the file of one that is stopped."""
    logins = [terminals.for_terminal(one.vendor, one.serial) for one in devices if not types or one.type in types]
    _may_log_in(login.vendor for login in logins)
    if file:
        return f"{terminals.write(file, logins, credentials)} accounts written"
    assert password_file is not None
    with administrator(settings.load(), password_file) as broker:
        return f"{terminals.make(broker, logins, credentials)} accounts made"


def _may_log_in(codes: Iterable[str]) -> None:
    """A vendor that was cut off gets no new account; raises Refusal."""
    with connect() as conn:
        for code in sorted(set(codes)):
            if store.vendor(conn, code).disabled_at:
                raise Refusal(f"{code} is cut off; first: shouwang vendor enable {code}")
