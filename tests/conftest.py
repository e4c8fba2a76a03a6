"""Real services for the tests: one PostgreSQL with TimescaleDB a session, a cloned database and a broker a test."""

import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings

from core.database import grant_login, migrate
from deploy.local.services import Broker, Postgres, ensure_root
from tests.ports import a_port

settings.register_profile("side by side", deadline=None)  # files share two cores: an example's time tells nothing
settings.register_profile("quick", deadline=None, max_examples=10)  # of `make unit`; `make test` tries a hundred
settings.load_profile("side by side")
PROGRAMS = ("ingest", "engine", "api", "registrar", "canary")


@pytest.fixture(scope="session")
def root() -> Path:
    """The root folder both servers run from."""
    return ensure_root()


@pytest.fixture(scope="session")
def instance(root: Path) -> Iterator[str]:
    """This test run's own folder below the root, gone afterwards."""
    name = f"test-{os.getpid()}"
    yield name
    shutil.rmtree(root / "srv" / name, ignore_errors=True)


@dataclass
class Cluster:
    """The test run's PostgreSQL, with a migrated template database and one login per program."""

    server: Postgres
    passwords: dict[str, str] = field(default_factory=dict)

    def execute(self, statement: str) -> None:
        """Run one statement as superuser outside any transaction."""
        with psycopg.connect(self.server.url("postgres"), autocommit=True) as conn:
            conn.execute(statement)


@pytest.fixture(scope="session")
def cluster(root: Path, instance: str) -> Iterator[Cluster]:
    """PostgreSQL for the whole session. No background workers: they would hold the template and block cloning."""
    server = Postgres(
        root, instance, a_port(), fsync="off",
        **{"timescaledb.max_background_workers": "0", "max_connections": "200", "shared_buffers": "256MB"},
    )  # fmt: skip
    server.start()
    cluster = Cluster(server, {program: secrets.token_urlsafe(16) for program in PROGRAMS})
    cluster.execute("CREATE DATABASE template_shouwang")
    migrate(server.url("template_shouwang"))
    with psycopg.connect(server.url("postgres")) as conn:
        for program, password in cluster.passwords.items():
            grant_login(conn, program, password, f"shouwang_{program}")
    yield cluster
    server.stop()


@dataclass
class Database:
    """One test's own database."""

    cluster: Cluster
    name: str

    @property
    def owner(self) -> str:
        """URL of the schema's owner."""
        return self.cluster.server.url(self.name)

    def url(self, program: str) -> str:
        """URL of one program's login: ingest, engine, api or registrar."""
        return self.cluster.server.url(self.name, program, self.cluster.passwords[program])

    @property
    def desk(self) -> str:
        """URL of the API's login as it asks for an operator of the area `qu`: policies show that area alone."""
        return f"{self.url('api')}?options=-c%20shouwang.area%3Dqu"


@pytest.fixture
def database(cluster: Cluster) -> Iterator[Database]:
    """A fresh database with the schema in it."""
    name = f"t_{secrets.token_hex(6)}"
    cluster.execute(f"CREATE DATABASE {name} TEMPLATE template_shouwang")
    yield Database(cluster, name)
    cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")


@dataclass
class BrokerAccounts:
    """The passwords of a test's broker."""

    admin: str = field(default_factory=secrets.token_urlsafe)
    ingest: str = field(default_factory=secrets.token_urlsafe)
    vendors: dict[str, str] = field(
        default_factory=lambda: {code: secrets.token_urlsafe() for code in ("acme", "beta")}
    )


@dataclass
class RunningBroker:
    """A broker of a test's own and its accounts."""

    server: Broker
    accounts: BrokerAccounts

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return self.server.port


@pytest.fixture
def broker(root: Path, instance: str) -> Iterator[RunningBroker]:
    """A fresh Mosquitto with the vendors acme and beta."""
    accounts = BrokerAccounts()
    server = Broker(
        root, f"{instance}/{secrets.token_hex(4)}", a_port(),
        admin=accounts.admin, ingest=accounts.ingest, vendors=accounts.vendors,
    )  # fmt: skip
    server.start()
    yield RunningBroker(server, accounts)
    server.stop()
