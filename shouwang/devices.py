"""`shouwang device`: single devices."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from registry import stock, stock_store, store
from shouwang.common import connect, fail

app = typer.Typer(help="Single devices.", no_args_is_help=True)


@app.command("retire")
def retire(vendor: str, serial: str) -> None:
    """Take a device out of service; its history stays."""
    with connect() as conn:
        if not store.retire_device(conn, vendor, serial, datetime.now(UTC)):
            raise fail(f"no device {vendor} {serial} is in service")
    typer.echo("retired")


@app.command("stock")
def take_in(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, UTF-8: vendor, serial, type, model")],
) -> None:
    """Take a delivery into stock: devices that hang in no home yet. All or nothing; a second run changes nothing."""
    with connect() as conn:
        try:
            with file.open(encoding="utf-8-sig", newline="") as text:
                found = stock.read(text, store.vendor_codes(conn))
        except UnicodeDecodeError:
            raise fail(f"{file} is not UTF-8; save it as CSV UTF-8") from None
        if found.errors:
            raise fail("\n".join([*map(str, found.errors), f"{len(found.errors)} rows to mend, nothing written"]))
        done = stock_store.write_delivery(conn, found.devices)
    typer.echo(", ".join(f"{count} {what}" for what, count in done.items()) or "nothing to change")


@app.command("take-down")
def take_down(vendor: str, serial: str) -> None:
    """Bring a device from its home back into stock; what it said there stays with that home."""
    with connect() as conn:
        if not stock_store.take_down(conn, vendor, serial):
            raise fail(f"no device {vendor} {serial} hangs in a home")
    typer.echo("in stock")
