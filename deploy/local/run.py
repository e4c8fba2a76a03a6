"""`make run`: the whole system with a simulated pilot, until Ctrl-C. Data stays; a second run goes on."""

import argparse
import fcntl
import hashlib
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg

from alerts.engine.jobs import learn_baselines
from deploy.local import demo
from deploy.local.programs import Program
from deploy.local.services import ServiceError, ensure_root
from deploy.local.site import Site
from device_sim.fleet import SimulatedFleet, write_csv
from device_sim.history import load_history
from registry import store
from registry.register import read

CHECKOUT = Path(__file__).resolve().parents[2]
STEPS = 6
HISTORY_DAYS = 21
ZONE = ZoneInfo("Asia/Shanghai")


class Progress:
    """Numbered steps with how long each took."""

    def __init__(self) -> None:
        self.number = 0

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        """One long step."""
        self.number += 1
        start = time.monotonic()
        print(f"[{self.number}/{STEPS}] {what} …", flush=True)
        yield
        print(f"      done in {time.monotonic() - start:.1f} s", flush=True)


def instance_name(homes: int, seed: int) -> str:
    """One data folder per checkout and fleet."""
    digest = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:8]
    return f"{CHECKOUT.name}-{digest}-{homes}-{seed}"


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Hold the instance's lock; raises ServiceError when another run has it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ServiceError("this checkout's system is running already; stop it with Ctrl-C there") from error
        yield


def prepare_data(site: Site, fleet: SimulatedFleet, progress: Progress) -> None:
    """Register the fleet, load what history is missing, learn the rhythms, create the demo logins."""
    with progress.step(f"registering {len(fleet.homes)} homes"), psycopg.connect(site.url("registrar")) as conn:
        for vendor in fleet.vendors:
            store.write_vendor(conn, vendor.code, vendor.name, vendor.format)
        csv_file = site.home / "fleet.csv"
        write_csv(fleet, csv_file)
        with csv_file.open(encoding="utf-8", newline="") as text:
            register = read(text, store.vendor_codes(conn))
        if register.errors:
            raise ServiceError("\n".join(map(str, register.errors[:20])))
        counts = store.write_register(conn, register)
        demo.write_accounts(conn, site.secrets)
        print(f"      {len(register.devices)} terminals; {'; '.join(f'{n} {what}' for what, n in counts.items() if n)}")
    now = datetime.now(UTC)
    with progress.step("simulating the homes' past, so that their rhythms can be learned"):
        load_history(site.owner_url, fleet, until=now, days=HISTORY_DAYS, zone=ZONE)
    with progress.step("learning each home's rhythm"), psycopg.connect(site.url("engine")) as conn:
        print(f"      {learn_baselines(conn, ZONE, now)} homes")


def programs(site: Site, homes: int, seed: int) -> list[Program]:
    """Everything that runs beside the services, in the order of starting."""
    site.secrets.write(site.home / "secrets/environment/vendors.json", json.dumps(site.secrets.vendors))
    simulator = Program(
        "simulator",
        ["simulate", "--homes", str(homes), "--seed", str(seed), "--demo", "--labels", str(site.logs / "labels.jsonl")],
        {
            "SHOUWANG_MQTT_PORT": str(site.broker.port),
            "SHOUWANG_VENDOR_PASSWORDS_FILE": str(site.home / "secrets/environment/vendors.json"),
        },
        site.logs / "simulator.log",
    )
    (CHECKOUT / "var").mkdir(exist_ok=True)
    (CHECKOUT / "var/demo.env").write_text("".join(f"export {k}={v}\n" for k, v in simulator.environment.items()))
    return [site.program("ingest"), site.program("engine"), site.program("api"), simulator, site.program("canary")]


def watch(running: list[Program], stop: threading.Event) -> None:
    """Until `stop`: start again, a little later each time, whatever ends by itself."""
    delays = {program.name: 1.0 for program in running}
    due: dict[str, float] = {}
    while not stop.wait(0.2):
        for program in running:
            if program.alive:
                continue
            if program.name not in due:
                print(f"      {program.name} ended; starting it again in {delays[program.name]:.0f} s ({program.log})")
                due[program.name] = time.monotonic() + delays[program.name]
            elif time.monotonic() >= due[program.name]:
                program.start()
                delays[program.name] = min(delays[program.name] * 2, 60)
                del due[program.name]


def run(homes: int, seed: int, port: int, stop: threading.Event) -> None:
    """Set up, run until `stop`, stop in good order."""
    progress = Progress()
    with progress.step("database and broker from Debian packages (made once, kept in the cache)"):
        root = ensure_root()
    name = instance_name(homes, seed)
    fleet = SimulatedFleet.make(homes=homes, seed=seed)
    with ExitStack() as cleanup:
        cleanup.enter_context(alone(root / "srv" / name))
        logs = CHECKOUT / "var" / "log"
        site = Site(root, name, [vendor.code for vendor in fleet.vendors], logs, ports=(55432, 51883, port))
        cleanup.callback(site.stop_services)
        with progress.step(f"starting TimescaleDB on {site.postgres.port} and the broker on {site.broker.port}"):
            site.start_services()
        prepare_data(site, fleet, progress)
        running = programs(site, homes, seed)
        cleanup.callback(_stop_all, running)
        with progress.step("starting ingest, engine, API and the simulated homes"):
            for program in running:
                if stop.is_set():
                    return
                program.start()
            site.wait_for_api(running[2])
        print(demo.welcome(site, port, logs), flush=True)
        watch(running, stop)
        print("\nstopping; the data stays", flush=True)


def _stop_all(running: list[Program]) -> None:
    for program in reversed(running):
        program.stop()


def delete_data() -> None:
    """Delete the data of every fleet of this checkout."""
    prefix = instance_name(0, 0).rsplit("-", 2)[0]
    for home in ensure_root().glob(f"srv/{prefix}-*"):
        with alone(home):
            shutil.rmtree(home)


def main(arguments: list[str] | None = None) -> int:
    """The command line of `make run` and `make clean`."""
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--homes", type=int, default=114)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=8080, help="of the console; the next free one if taken")
    parser.add_argument("--delete-data", action="store_true", help="delete this checkout's data and end")
    options = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    action: Callable[[], None] = (
        delete_data if options.delete_data else lambda: run(options.homes, options.seed, options.port, stop)
    )
    try:
        action()
    except ServiceError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    os.chdir(CHECKOUT)
    sys.exit(main())
