"""`make bench`: the figures of docs/performance.md, each beside the bare limit measured in the same run."""

import argparse
import hashlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from bench import bare, cpu, latency, tick
from core import store
from deploy.local.programs import Program
from deploy.local.services import ensure_root
from deploy.local.site import Site
from tests.registry import Registry, seed

HOMES = 400


def say(name: str, value: str) -> None:
    """One line of the result."""
    print(f"{name:<58} {value}", flush=True)


@contextmanager
def a_site(folder: Path) -> Iterator[tuple[Site, Registry, str]]:
    """A site of its own with registered homes, and an operator's token; deleted afterwards."""
    site = Site(ensure_root(), f"bench-{os.getpid()}", ["acme", "beta"], folder, ports=(55450, 51900, 8100))
    try:
        site.start_services()
        registry = seed(site.owner_url, homes=HOMES, types=("climate_sensor", "sos_button"))
        token = secrets.token_urlsafe(32)
        with psycopg.connect(site.owner_url) as conn:
            expires = datetime.now(UTC) + timedelta(hours=1)
            store.write_token(conn, "op1", hashlib.sha256(token.encode()).digest(), "bench", expires)
        yield site, registry, token
    finally:
        site.stop_services()
        site.delete()


class Loader:
    """Starts the load in a process of its own."""

    def __init__(self, site: Site, registry: Registry, folder: Path) -> None:
        self._site = site
        self._serials = folder / "serials.json"
        homes = range(len(registry.homes))
        self._serials.write_text(json.dumps([registry.device(home, "climate_sensor")[1] for home in homes]))

    def start(self, count: int, rate: float | None = None) -> subprocess.Popen[str]:
        """The running load; its last line is JSON."""
        command = [
            sys.executable, "-m", "bench.load", "--port", str(self._site.broker.port), "--vendor", "acme",
            "--serials", str(self._serials), "--count", str(count), *(["--rate", str(rate)] if rate else []),
        ]  # fmt: skip
        environment = os.environ | {"VENDOR_PASSWORD": self._site.secrets.vendors["acme"]}
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def bare_subscriber(site: Site, loader: Loader, count: int) -> float:
    """CPU seconds per message of a paho subscriber that only acknowledges."""
    command = [sys.executable, "-m", "bench.bare", str(site.broker.port), str(count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(site.secrets.mqtt_ingest + "\n")
        process.stdin.flush()
        process.stdout.readline()
        start = cpu.seconds(process.pid)
        loader.start(count).communicate()
        used = 0.0
        while process.poll() is None:
            used = cpu.seconds(process.pid) - start or used
            time.sleep(0.02)
    return used / count


def throughput(site: Site, programs: dict[str, Program], loader: Loader, count: int, bare_cpu: float) -> None:
    """Everything running: messages from the broker to stored, judged rows."""
    pids = {name: program.process.pid for name, program in programs.items() if program.process}
    pids |= {s.name: s.process.pid for s in (site.broker, site.postgres) if s.process}
    with psycopg.connect(site.owner_url, autocommit=True) as conn:
        before = {name: cpu.seconds(pid) for name, pid in pids.items()}
        base = _stored(conn)
        begin = time.monotonic()
        loader.start(count).communicate()
        while _stored(conn) < base + 3 * count or conn.execute("SELECT 1 FROM batch LIMIT 1").fetchone():
            time.sleep(0.05)
        seconds = time.monotonic() - begin
    used = {name: cpu.seconds(pid) - before[name] for name, pid in pids.items()}
    say("end to end, stored and judged", f"{count / seconds:,.0f} msg/s, {3 * count / seconds:,.0f} readings/s")
    say("CPU per 10,000 messages, all programs", f"{sum(used.values()) / count * 10_000:.2f} s")
    for name, value in used.items():
        say(f"  · {name}", f"{value / count * 10_000:.2f} s")
    ratio = used["ingest"] / count / bare_cpu
    say("ingest worker's CPU per message / bare paho subscriber's", f"{ratio:.2f} ×  ({bare_cpu * 1e6:.0f} µs bare)")


def _stored(conn: psycopg.Connection) -> int:
    row = conn.execute("SELECT (detail->>'stored')::bigint FROM heartbeat WHERE process = 'ingest/1'").fetchone()
    return int(row[0] or 0) if row else 0


def sos(site: Site, registry: Registry, token: str, loader: Loader, rate: float, presses: int) -> None:
    """Publish-to-SSE latency of an SOS while telemetry flows."""
    homes = dict(enumerate(registry.homes[:presses]))
    buttons = {f"H{number:04}": registry.device(number, "sos_button")[1] for number in homes}
    load = loader.start(int(rate * (presses * 0.1 + 5)), rate)
    time.sleep(2)
    times = latency.measure(site, token, buttons, 0.1)
    load.communicate()
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    say(f"SOS, publish to SSE frame, {rate:,.0f} msg/s behind it", f"p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms")


def main() -> None:
    """Run everything and print the table."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer messages: under two minutes")
    count = 30_000 if parser.parse_args().quick else 200_000
    with tempfile.TemporaryDirectory() as temp, a_site(Path(temp)) as (site, registry, token):
        loader = Loader(site, registry, Path(temp))
        bare_cpu = bare_subscriber(site, loader, count)
        programs = {name: site.program(name) for name in ("ingest", "engine", "api")}
        try:
            for program in programs.values():
                program.start()
            site.wait_for_api(programs["api"])
            time.sleep(3)
            throughput(site, programs, loader, count, bare_cpu)
            sos(site, registry, token, loader, 1000, 50 if count < 100_000 else 300)
            rows = 3 * count
            say(
                "plain binary COPY into the same hypertable",
                f"{rows / bare.copy(site.owner_url, rows):,.0f} readings/s",
            )
        finally:
            for program in programs.values():
                program.stop()
    for name, milliseconds in tick.measure(100_000).items():
        say(f"engine tick at 100,000 homes: {name}", f"{milliseconds:.1f} ms")


if __name__ == "__main__":
    main()
