"""`shouwang simulate`: homes that live, and incidents that befall them."""

import logging
import os
import signal
import ssl
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from core import settings, tls
from device_sim import load, logins
from device_sim.fleet import SimulatedFleet, write_csv
from device_sim.history import load_history
from device_sim.incidents import discover
from device_sim.press import press
from device_sim.publisher import Publisher
from device_sim.run import Simulation


def simulate(
    homes: Annotated[int, typer.Option(min=1, max=100_000, help="how many homes")] = 114,
    seed: Annotated[int, typer.Option(help="the same seed gives the same homes and lives")] = 1,
    demo: Annotated[bool, typer.Option("--demo", help="let incidents happen by themselves")] = False,
    incident: Annotated[list[str] | None, typer.Option(help="begin with this incident; may be repeated")] = None,
    home: Annotated[str | None, typer.Option(help="the home's code for --incident; otherwise one by chance")] = None,
    seconds: Annotated[float | None, typer.Option(help="end after so long; otherwise run until Ctrl-C")] = None,
    labels: Annotated[Path | None, typer.Option(help="append each incident's label to this JSON Lines file")] = None,
    rate: Annotated[float | None, typer.Option(min=1, help="instead: ordinary messages, so many a second")] = None,
    press_home: Annotated[
        str | None, typer.Option("--press", metavar="HOME", help="instead: press this home's SOS button once, and end")
    ] = None,
    history: Annotated[
        int | None, typer.Option(min=1, max=365, help="instead: write so many days of the past, with the owner's login")
    ] = None,
    fleet_csv: Annotated[Path | None, typer.Option(help="write the register file for the fleet, and end")] = None,
    list_incidents: Annotated[bool, typer.Option("--list-incidents", help="show what can happen, and end")] = False,
) -> None:
    """Publish what simulated homes' terminals say, over MQTT with their vendors' credentials.

    SHOUWANG_MQTT_HOST, SHOUWANG_MQTT_PORT and SHOUWANG_MQTT_CA name the broker; SHOUWANG_VENDOR_PASSWORDS_FILE names
    a JSON file {vendor: password}. Home terminals with a line in the CSV file SHOUWANG_TERMINAL_CREDENTIALS_FILE
    (of `register --credentials`) log in with that account.
    """
    if list_incidents:
        for name, module in discover().items():
            typer.echo(f"{name:<20} {(module.__doc__ or '').splitlines()[0]}")
        return
    fleet = SimulatedFleet.make(homes, seed)
    if fleet_csv:
        write_csv(fleet, fleet_csv)
        return
    zone = ZoneInfo(os.environ.get("SHOUWANG_TIMEZONE", "Asia/Shanghai"))
    if history:
        url = settings.load().database_url.get_secret_value()
        load_history(url, fleet, until=datetime.now(UTC), days=history, zone=zone)
        return
    unknown = [name for name in incident or [] if name not in discover()]
    if unknown:
        raise typer.BadParameter(f"no incident {', '.join(unknown)}; see --list-incidents")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if seconds:
        threading.Timer(seconds, stop.set).start()
    host, port, context = broker()
    if "SHOUWANG_VENDOR_PASSWORDS_FILE" not in os.environ:
        raise typer.BadParameter("SHOUWANG_VENDOR_PASSWORDS_FILE must name a JSON file {vendor: password}")
    own = os.environ.get("SHOUWANG_TERMINAL_CREDENTIALS_FILE")
    found = logins.read(Path(os.environ["SHOUWANG_VENDOR_PASSWORDS_FILE"]), Path(own) if own else None)
    if press_home:
        typer.echo(press(fleet, press_home, host, port, found.shared, context))
        return
    publisher = Publisher(fleet, host, port, found, name="load" if rate else "simulator", context=context)
    if rate:
        load.run(fleet, publisher, zone, rate, stop)
    else:
        asked = [(name, home) for name in incident or []]
        Simulation(fleet, publisher, zone, labels).run(stop, demo=demo, first=asked)
    publisher.close()


def broker() -> tuple[str, int, ssl.SSLContext | None]:
    """Host, port and TLS, by the rules of the programs' own settings."""
    host, ca = os.environ.get("SHOUWANG_MQTT_HOST", "127.0.0.1"), os.environ.get("SHOUWANG_MQTT_CA")
    context = tls.context(Path(ca) if ca else None) if ca or not tls.is_local(host) else None
    return host, int(os.environ.get("SHOUWANG_MQTT_PORT", "8883" if context else "1883")), context
