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
from typing import Self

import psycopg

from bench import cpu
from bench.city import OTHER_VENDOR, RIVAL, VENDOR, City, build
from deploy.local.programs import Program
from deploy.local.services import ensure_root
from deploy.local.site import Site
from registry.accounts import store

READINGS = 3  # of a message of the load
READY = (
    "SELECT count(*), sum(jsonb_array_length(detail->'vendors')) FROM heartbeat"  # every vendor is dealt
    " WHERE process LIKE 'engine/%' OR process LIKE 'ingest/%' AND (detail->>'connected')::bool"
)


class Publisher:
    """A load in a process of its own, encoded and waiting for `go`."""

    def __init__(self, command: list[str], password: str) -> None:
        environment = os.environ | {"VENDOR_PASSWORD": password}
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)
        assert self._process.stdin
        assert self._process.stdout
        if self._process.stdout.readline() != "ready\n":
            raise RuntimeError(f"the load did not start: {command}")

    def go(self) -> Self:
        """Begin."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self

    @property
    def running(self) -> bool:
        """Whether it still publishes."""
        return self._process.poll() is None

    def wait(self) -> float:
        """Until the last message is acknowledged; messages a second."""
        told, _ = self._process.communicate()
        return float(json.loads(told)["rate"])

    def kill(self) -> None:
        """End it where it is."""
        self._process.kill()
        self._process.communicate()


@dataclass
class Rig:
    """The running site. `programs` are ours; broker and database are the site's."""

    site: Site
    city: City
    token: str
    folder: Path
    programs: dict[str, Program] = field(default_factory=dict)

    def start(self, workers: int = 1) -> None:
        """Start so many ingest workers, engine and API."""
        self.programs = {name: self.site.program(name) for name in ("ingest", "engine", "api")}
        for number in range(2, workers + 1):
            self.programs[f"ingest {number}"] = self.site.program("ingest", worker=str(number))
        for program in self.programs.values():
            program.start()
        self.site.wait_for_api(self.programs["api"])
        with self.connect() as conn:
            conn.execute("DELETE FROM heartbeat")  # of an earlier start: their counts began anew
            while conn.execute(READY).fetchone() != (1 + workers, 2):
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

    def load(
        self, count: int, rate: float | None = None, *, vendor: str = VENDOR, readings: int = READINGS
    ) -> Publisher:
        """`count` messages by a process of its own, at `rate` per second or as fast as the broker takes them."""
        serials = self.folder / f"serials-{vendor}.json"
        if not serials.exists():
            serials.write_text(json.dumps(self.city.sensors(vendor)))
        command = [
            sys.executable, "-m", "bench.load", "--port", str(self.site.broker.port), "--vendor", vendor,
            "--serials", str(serials), "--count", str(count), "--readings", str(readings),
            *(["--rate", str(rate)] if rate else []),
        ]  # fmt: skip
        return Publisher(command, self.site.secrets.vendors[vendor])

    def settle_log(self) -> None:
        """Give the database the write-ahead log of a server that has run for a day: segments to use again.

        Making new ones, full of zeros, would cost a fifth of what storing does, in this first hour only.
        """
        with self.connect() as conn:
            conn.execute(
                "SELECT pg_logical_emit_message(false, 'bench', repeat('x', 1000000)) FROM generate_series(1, 600)"
            )
            conn.execute("CHECKPOINT")

    def batches(self, conn: psycopg.Connection) -> int:
        """How many batches of readings there have been."""
        row = conn.execute("SELECT last_value FROM batch_id_seq").fetchone()
        assert row
        return int(row[0])

    def wait_judged(self, conn: psycopg.Connection, rows: int, seconds: float = 600) -> float:
        """Until `rows` readings are stored and none waits; when that was, by time.monotonic(). Raises TimeoutError.

        The workers count what they have stored twice a second only: the moment is seen by the batches.
        """
        end, batches, judged = time.monotonic() + seconds, -1, 0.0
        while True:
            waiting = conn.execute("SELECT 1 FROM batch WHERE step IS NULL LIMIT 1").fetchone()
            if waiting or batches != (batches := self.batches(conn)):
                judged = time.monotonic()
            elif stored(conn) >= rows:
                return judged
            if time.monotonic() > end:
                raise TimeoutError(f"{rows - stored(conn)} readings are missing after {seconds:.0f} s")
            time.sleep(0.02)


def stored(conn: psycopg.Connection) -> int:
    """Readings the workers have stored since their start."""
    query = "SELECT sum((detail->>'stored')::bigint)::bigint FROM heartbeat WHERE process LIKE 'ingest/%'"
    row = conn.execute(query).fetchone()
    return int(row[0] or 0) if row else 0


@contextmanager
def a_rig(folder: Path, homes: int) -> Iterator[Rig]:
    """A site with registered homes and an operator's token; deleted afterwards."""
    accounts = [VENDOR, OTHER_VENDOR, RIVAL]
    site = Site(ensure_root(), f"bench-{os.getpid()}", accounts, folder, ports=(55450, 51900, 8100), min_wal_size="1GB")
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
