"""`shouwang token`: the bearer tokens of programs."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from registry.accounts import store
from shouwang.common import connect, table

app = typer.Typer(help="Bearer tokens of programs that use the API.", no_args_is_help=True)


@app.command("add")
def add(username: str, label: str, days: Annotated[int, typer.Option(min=1, max=3650)] = 365) -> None:
    """Give a program a bearer token with this account's rights; it is printed once."""
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    with connect() as conn:
        digest = hashlib.sha256(token.encode()).digest()
        store.add_token(conn, username, digest, label, now, now + timedelta(days=days))
    typer.echo(token)


@app.command("list")
def list_tokens(username: Annotated[str | None, typer.Argument(help="of this account only")] = None) -> None:
    """Show the tokens that work: account, label, made, ends; not the tokens, which their programs alone know."""
    with connect() as conn:
        found = store.tokens(conn, username, datetime.now(UTC))
    table((one.username, one.label, f"{one.created_at:%Y-%m-%d}", f"{one.expires_at:%Y-%m-%d}") for one in found)


@app.command("revoke")
def revoke(username: str, label: str) -> None:
    """End a token; its program is refused from now on."""
    with connect() as conn:
        store.revoke_token(conn, username, label)
    typer.echo(f"{label} of {username} is revoked")
