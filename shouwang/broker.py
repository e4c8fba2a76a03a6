"""`shouwang broker …`: the accounts at a running Mosquitto, besides what `vendor` and `register` make."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from core import settings
from core.register import Device
from deploy import terminals
from deploy.broker import BrokerAdmin, BrokerError

NAME = re.compile(r"[A-Za-z0-9-]{1,64}")
commands = typer.Typer(help="Accounts at the broker (Mosquitto's dynamic security).", no_args_is_help=True)
AdminPassword = Annotated[Path, typer.Option(exists=True, dir_okay=False, help="the broker administrator's password")]
Credentials = Annotated[Path, typer.Option(help="CSV the new logins are added to; only its owner can read it")]


@commands.command("update")
def update(admin_password_file: AdminPassword) -> None:
    """Give our own accounts the rights of this version and deny what it denies. A second run changes nothing."""
    with admin(admin_password_file) as broker:
        changed = broker.bring_up_to_date()
    typer.echo(f"changed: {', '.join(changed) or 'nothing, the accounts are up to date'}")


@commands.command("cloud")
def cloud(
    vendor: Annotated[str, typer.Argument(help="the vendor's code; it has its account already (vendor add)")],
    names: Annotated[list[str], typer.Argument(help="one for each connection of its cloud: 1 2, or a machine's name")],
    admin_password_file: AdminPassword,
    credentials: Credentials,
) -> None:
    """Give each connection of a vendor's cloud an account of its own, bound to a client id that nobody can guess."""
    if not all(NAME.fullmatch(name) for name in (vendor, *names)):
        raise typer.BadParameter("a name is letters, digits and -")
    with admin(admin_password_file) as broker:
        made = terminals.make(broker, [terminals.for_cloud(vendor, name) for name in names], credentials)
    typer.echo(f"{made} accounts made")


@commands.command("remove")
def remove(username: str, admin_password_file: AdminPassword) -> None:
    """Take an account away, and close its connections. `register` makes a terminal's anew, with a new password."""
    with admin(admin_password_file) as broker:
        try:
            broker.remove(username)
        except BrokerError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error
    typer.echo("removed")


def admin(password_file: Path) -> BrokerAdmin:
    """The administrator's connection."""
    config = settings.load()
    return BrokerAdmin(config.mqtt_host, config.mqtt_port, password_file.read_text().strip(), config.mqtt_ca)


def accounts_for(
    devices: Iterable[Device], types: list[str] | None, credentials: Path, password_file: Path | None, file: Path | None
) -> str:
    """Give each of these devices its account, at the running broker or in the file of one that is stopped."""
    logins = [terminals.for_terminal(one.vendor, one.serial) for one in devices if not types or one.type in types]
    if file:
        return f"{terminals.write(file, logins, credentials)} accounts written"
    if password_file is None:
        raise typer.BadParameter("accounts need --admin-password-file, or --broker-file and the broker stopped")
    with admin(password_file) as broker:
        try:
            return f"{terminals.make(broker, logins, credentials)} accounts made"
        except (BrokerError, terminals.TooManyError) as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error
