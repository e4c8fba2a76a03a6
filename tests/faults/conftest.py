"""A whole site of real processes for a fault test, reached through proxies."""

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from deploy.local.programs import Program
from deploy.local.site import Site
from tests.faults.harness import Load, eventually
from tests.faults.proxy import Proxy
from tests.ports import a_port
from tests.registry import Registry, seed

HOMES = 40


@dataclass
class Running:
    """The site, its programs and its load. `broker` and `database` are what ingest and engine reach them through."""

    site: Site
    registry: Registry
    load: Load
    broker: Proxy
    database: Proxy
    programs: dict[str, Program] = field(default_factory=dict)

    @property
    def ingest(self) -> Program:
        """The first worker."""
        return self.programs["ingest"]

    @property
    def engine(self) -> Program:
        """The leading engine, at first."""
        return self.programs["engine"]

    @property
    def api(self) -> Program:
        """The API."""
        return self.programs["api"]

    def program(self, name: str, **settings: str) -> Program:
        """One more program of this site behind the proxies; stopped with the others."""
        made = self.site.program(name, **settings)
        made.environment["SHOUWANG_MQTT_PORT"] = str(self.broker.port)
        folder = self.site.home / "secrets" / "environment"
        if name in ("ingest", "engine"):
            url = self.site.url(name).replace(f":{self.site.postgres.port}/", f":{self.database.port}/")
            self.site.secrets.write(folder / f"{name}_proxied_url", url)
            made.environment["SHOUWANG_DATABASE_URL_FILE"] = str(folder / f"{name}_proxied_url")
        self.programs[made.name] = made
        return made

    def sql(self, statement: str) -> list[tuple]:
        """Run one statement as the schema's owner, past the proxy."""
        with psycopg.connect(self.site.owner_url, autocommit=True) as conn:
            cursor = conn.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def connected(self) -> bool:
        """Whether a worker has every lane open."""
        beat = "SELECT 1 FROM heartbeat WHERE process LIKE 'ingest/%' AND (detail->>'connected')::bool"
        return bool(self.sql(f"{beat} AND at > now() - interval '3 s'"))


@contextmanager
def a_site(
    root: Path, logs: Path, *, settings: dict[str, str] | None = None, disk: int = 0, **postgres: str
) -> Iterator[Running]:
    """Database, broker, proxies, ingest, engine and API of their own, with a vendor publishing.

    With `disk`, the database is on a file system of that many megabytes.
    """
    name = f"fault-{os.getpid()}-{secrets.token_hex(3)}"
    config = {"shared_buffers": "128MB", **postgres}
    site = Site(root, name, ["acme", "beta"], logs, ports=(a_port(), a_port(), a_port()), settings=settings, **config)
    if disk:
        site.postgres.home.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={disk}m", "tmpfs", str(site.postgres.home)], check=True)
    site.start_services()
    registry = seed(site.owner_url, homes=HOMES, types=("sos_button", "water_meter"))
    running = Running(site, registry, Load(site, registry), Proxy(site.broker.port), Proxy(site.postgres.port))
    programs = [running.program(name) for name in ("ingest", "engine", "api")]
    try:
        for program in programs:
            program.start()
        site.wait_for_api(running.api)
        eventually(running.connected)
        running.load.start()
        yield running
    finally:
        running.broker.stalled = running.database.stalled = False
        running.load.abandon()
        for program in reversed(running.programs.values()):
            program.stop()
        running.broker.close()
        running.database.close()
        site.stop_services()
        if disk:
            subprocess.run(["umount", "-l", str(site.postgres.home)], check=True)
        site.delete()


@pytest.fixture
def running(root, tmp_path) -> Iterator[Running]:
    """One site for one test."""
    with a_site(root, tmp_path) as site:
        yield site
