"""`shouwang user`: people and programs that use the console and the API."""

import getpass
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from core.roles import Role
from registry.accounts import names, store
from shouwang import tokens
from shouwang.common import connect, fail, table

app = typer.Typer(help="People and programs that use the console and the API.", no_args_is_help=True)
app.command("token", hidden=True)(tokens.add)  # its name in earlier versions

Name = Annotated[str | None, typer.Option(help="as colleagues read it")]
Area = Annotated[str | None, typer.Option(help="ltree path of a registered area: sees it and what is below")]
Vendor = Annotated[str | None, typer.Option(help="a vendor account's vendor code")]


@app.command("add")
def add(
    username: str,
    name: Annotated[str, typer.Option(help="as colleagues read it")],
    role: Role = Role.OPERATOR,
    area: Area = None,
    vendor: Vendor = None,
) -> None:
    """Add a person; the password is asked for, or read from standard input."""
    hashed = _new_password(names.new_username(username), name)
    with connect() as conn:
        store.add_account(
            conn, username=username, name=name, password_hash=hashed, role=role, area=area, vendor=vendor
        )  # fmt: skip
    typer.echo(f"{username} can log in")


@app.command("password")
def password(username: str) -> None:
    """Give a person a new password, and nothing else; their browsers are logged out, tokens of programs go on."""
    with connect() as conn:
        found = store.account(conn, username, datetime.now(UTC))
    hashed = _new_password(username, found.name)  # asked for between two transactions: a person takes their time
    with connect() as conn:
        store.set_password(conn, username, hashed)
    typer.echo(f"{username} has a new password; {found.sessions} sessions ended, {found.tokens} tokens go on")


@app.command("change")
def change(
    username: str, name: Name = None, role: Role | None = None, area: Area = None, vendor: Vendor = None
) -> None:
    """Change what is given, leave the rest. With another role, area or vendor their browsers are logged out."""
    if name is role is area is vendor is None:
        raise fail("give --name, --role, --area or --vendor")
    with connect() as conn:
        old = store.account(conn, username, datetime.now(UTC))
        new_role = role or Role(old.role)
        moved = (new_role is Role.VENDOR) != (old.role == Role.VENDOR)  # then the old scope means nothing
        scope = (area if moved or area is not None else old.area, vendor if moved or vendor is not None else old.vendor)
        store.change_account(
            conn, username, name=old.name if name is None else name, role=new_role, area=scope[0], vendor=scope[1]
        )  # fmt: skip
        if (new_role, *scope) != (old.role, old.area, old.vendor):
            store.end_sessions(conn, username)
    typer.echo(f"{username}: {new_role} of {scope[0] or scope[1]}")


@app.command("disable")
def disable(username: str) -> None:
    """Shut a person out at once; sessions and tokens end. What they did stays on record."""
    now = datetime.now(UTC)
    with connect() as conn:
        found = store.account(conn, username, now)
        store.set_disabled(conn, username, now)
    typer.echo(f"{username} is disabled; {found.sessions} sessions and {found.tokens} tokens ended")


@app.command("enable")
def enable(username: str) -> None:
    """Let a person in again, with the password they had; tokens are to be made anew."""
    with connect() as conn:
        store.account(conn, username, datetime.now(UTC))
        store.set_disabled(conn, username, None)
    typer.echo(f"{username} can log in")


@app.command("list")
def list_users() -> None:
    """Show every account: user name, role, area or vendor, name, sessions, tokens, since when disabled."""
    with connect() as conn:
        found = store.accounts(conn, datetime.now(UTC))
    table(
        (
            one.username, one.role, one.area or one.vendor, one.name, f"{one.sessions} sessions",
            f"{one.tokens} tokens", f"disabled {one.disabled_at:%Y-%m-%d}" if one.disabled_at else None,
        )
        for one in found
    )  # fmt: skip


def _new_password(username: str, name: str) -> str:
    """The hash of a password that is asked for; one that is easy to guess is refused."""
    from argon2 import PasswordHasher

    from registry.accounts import passwords

    tty = sys.stdin.isatty()
    given = getpass.getpass() if tty else sys.stdin.readline().rstrip("\r\n")
    passwords.check(given, [username, name])
    if tty and getpass.getpass("once more: ") != given:
        raise fail("the two are not the same")
    return PasswordHasher().hash(given)
