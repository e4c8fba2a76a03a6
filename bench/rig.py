"""A site of its own to measure on, its programs, and the load."""

import hashlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from bench import cpu
from bench.city import VENDOR, City, build
from core.accounts import store
from deploy.local.programs import Program
from deploy.local.services import ensure_root
from deploy.local.site import Site

READY = (
    "SELECT count(*) FROM heartbeat WHERE process LIKE 'engine/%' OR process LIKE 'ingest/%'"
    " AND (detail->>'connected')::bool"
)


@dataclass
class Rig:
    """The running site. `programs` are ours; broker and database are the site's."""

    site: Site
    city: City
    token: str
    folder: Path
    programs: dict[str, Program] = field(default_factory=dict)

    def start(self) -> None:
        """Start ingest, engine and API."""
        self.programs = {name: self.site.program(name) for name in ("ingest", "engine", "api")}
        for program in self.programs.values():
            program.start()
        self.site.wait_for_api(self.programs["api"])
        with self.connect() as conn:
            conn.execute("DELETE FROM heartbeat")  # of an earlier start: their counts began anew
            while conn.execute(READY).fetchone() != (2,):
                time.sleep(0.1)
        time.sleep(1)  # the subscriptions follow the connection

    def stop(self) -> None:
        """Stop them."""
        for program in self.programs.values():
            program.stop()

    def retire_ingest(self) -> None:
        """End the stopped worker's session, so that nothing is kept for it meanwhile."""
        self.site.program("ingest", "--retire").run(60)

    def connect(self) -> psycopg.Connection:
        """As the schema's owner."""
        return psycopg.connect(self.site.owner_url, autocommit=True)

    def cpu_seconds(self) -> dict[str, float]:
        """CPU used so far by each program, the broker and the database."""
        pids = {name: program.process.pid for name, program in self.programs.items() if program.process}
        pids |= {s.name: s.process.pid for s in (self.site.broker, self.site.postgres) if s.process}
        return {name: cpu.seconds(pid) for name, pid in pids.items()}

    def load(self, count: int, rate: float | None = None) -> subprocess.Popen[str]:
        """`count` messages from a process of its own, at `rate` per second or as fast as the broker takes them."""
        serials = self.folder / "serials.json"
        if not serials.exists():
            serials.write_text(json.dumps(self.city.sensors()))
        command = [
            sys.executable, "-m", "bench.load", "--port", str(self.site.broker.port), "--vendor", VENDOR,
            "--serials", str(serials), "--count", str(count), *(["--rate", str(rate)] if rate else []),
        ]  # fmt: skip
        environment = os.environ | {"VENDOR_PASSWORD": self.site.secrets.vendors[VENDOR]}
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)

    def settle_log(self) -> None:
        """Give the database the write-ahead log of a server that has run for a day: segments to use again.

        Making new ones, full of zeros, would cost a fifth of what storing does, in this first hour only.
        """
        with self.connect() as conn:
            conn.execute(
                "SELECT pg_logical_emit_message(false, 'bench', repeat('x', 1000000)) FROM generate_series(1, 600)"
            )
            conn.execute("CHECKPOINT")

    def wait_judged(self, conn: psycopg.Connection, rows: int, seconds: float = 600) -> None:
        """Until `rows` readings are stored by the worker's own count and none waits; raises TimeoutError."""
        end = time.monotonic() + seconds
        while stored(conn) < rows or conn.execute("SELECT 1 FROM batch WHERE step IS NULL LIMIT 1").fetchone():
            if time.monotonic() > end:
                raise TimeoutError(f"{rows - stored(conn)} readings are missing after {seconds:.0f} s")
            time.sleep(0.05)


def stored(conn: psycopg.Connection) -> int:
    """Readings the worker has stored since its start."""
    row = conn.execute("SELECT (detail->>'stored')::bigint FROM heartbeat WHERE process = 'ingest/1'").fetchone()
    return int(row[0] or 0) if row else 0


@contextmanager
def a_rig(folder: Path, homes: int) -> Iterator[Rig]:
    """A site with registered homes and an operator's token; deleted afterwards."""
    site = Site(ensure_root(), f"bench-{os.getpid()}", [VENDOR], folder, ports=(55450, 51900, 8100), min_wal_size="1GB")
    try:
        site.start_services()
        city = build(site.owner_url, homes)
        token = secrets.token_urlsafe(32)
        with psycopg.connect(site.owner_url) as conn:
            now, digest = datetime.now(UTC), hashlib.sha256(token.encode()).digest()
            store.add_token(conn, "op1", digest, "bench", now, now + timedelta(hours=1))
        yield Rig(site, city, token, folder)
    finally:
        site.stop_services()
        site.delete()
