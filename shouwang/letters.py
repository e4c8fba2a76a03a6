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
    from ingest.letters.store import page

    with connect() as conn:
        for letter in page(conn, limit, vendor=vendor, code=code, waiting=True):
            typer.echo(
                f"{letter.id}\t{letter.last_at:%Y-%m-%d %H:%M:%S}\t{letter.code}\t×{letter.count}\t{letter.topic}"
            )
            typer.echo(f"\t{letter.reason}")


@app.command("replay")
def replay(
    ids: Annotated[list[int] | None, typer.Argument(help="as `list` shows them")] = None,
    code: Annotated[str | None, typer.Option(help="instead of ids: all with this code")] = None,
) -> None:
    """Ask the ingest workers to take refused messages once more, after the cause was mended."""
    from ingest.letters.store import request_replay

    if bool(ids) == bool(code):
        raise fail("give either ids or --code")
    with connect() as conn:
        typer.echo(f"{request_replay(conn, datetime.now(UTC), ids=ids or (), code=code)} will be replayed")
