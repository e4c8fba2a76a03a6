"""`shouwang device`: single devices."""

from datetime import UTC, datetime

import typer

from registry import store
from shouwang.common import connect, fail

app = typer.Typer(help="Single devices.", no_args_is_help=True)


@app.command("retire")
def retire(vendor: str, serial: str) -> None:
    """Take a device out of service; its history stays."""
    with connect() as conn:
        if not store.retire_device(conn, vendor, serial, datetime.now(UTC)):
            raise fail(f"no device {vendor} {serial} is in service")
    typer.echo("retired")
