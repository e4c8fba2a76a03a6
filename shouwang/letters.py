"""`shouwang dead-letters`: messages that were refused."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from shouwang.common import connect, fail

app = typer.Typer(help="Messages that were refused.", no_args_is_help=True)


@app.command("list")
def list_letters(
    vendor: str | None = None, code: str | None = None, limit: Annotated[int, typer.Option(min=1, max=1000)] = 50
) -> None:
    """Show refused messages, newest first, with what the vendor should change."""
    from ingest.store.letters import list_dead_letters

    with connect() as conn:
        for letter in list_dead_letters(conn, vendor=vendor, code=code, limit=limit):
            typer.echo(
                f"{letter.id}\t{letter.last_at:%Y-%m-%d %H:%M:%S}\t{letter.code}\t×{letter.times}\t{letter.topic}"
            )
            typer.echo(f"\t{letter.reason}")


@app.command("replay")
def replay(
    ids: Annotated[list[int] | None, typer.Argument(help="as `list` shows them")] = None,
    code: Annotated[str | None, typer.Option(help="instead of ids: all with this code")] = None,
) -> None:
    """Ask the ingest workers to take refused messages once more, after the cause was mended."""
    from ingest.store.letters import request_replay

    if bool(ids) == bool(code):
        raise fail("give either ids or --code")
    with connect() as conn:
        typer.echo(f"{request_replay(conn, ids=ids, code=code, now=datetime.now(UTC))} will be replayed")
