"""A whole Shouwang on this machine: services, secrets, schema and programs.

`make run`, the fault tests and the bench are built on it.
"""

import contextlib
import shutil
import time
import urllib.error
import urllib.request
from pathlib import Path

import psycopg

from core import canary
from deploy.broker import BrokerAdmin
from deploy.local.programs import Program
from deploy.local.services import Broker, Postgres, ServiceError, free_port
from deploy.provision import Secrets, provision, setup_database

DATABASE = "shouwang"


class Site:
    """One instance. Its data lives below the services' root folder and stays when the site is stopped."""

    def __init__(
        self, root: Path, instance: str, vendors: list[str], logs: Path, *,
        ports: tuple[int, int, int] = (55432, 51883, 8080), settings: dict[str, str] | None = None, **postgres: str,
    ) -> None:  # fmt: skip
        self.home = root / "srv" / instance
        self.logs = logs
        self.settings = settings or {}
        database, mqtt, self.api_port = (free_port(port) for port in ports)
        self.ops_port = free_port(self.api_port + 1384)  # 9464 beside 8080
        self.secrets: Secrets = provision(self.home / "secrets", vendors)
        self.postgres = Postgres(root, instance, database, **postgres)
        self.broker = Broker(
            root, instance, mqtt, admin=self.secrets.mqtt_admin, ingest=self.secrets.mqtt_ingest,
            vendors=self.secrets.terminals,
        )  # fmt: skip

    @property
    def owner_url(self) -> str:
        """The schema owner's connection URL."""
        return self.postgres.url(DATABASE)

    @property
    def address(self) -> str:
        """Where the console is."""
        return f"http://127.0.0.1:{self.api_port}"

    def start_services(self) -> None:
        """Start the database and the broker, and bring the schema up to date."""
        self.postgres.start()
        with psycopg.connect(self.postgres.url("postgres"), autocommit=True) as conn:
            if not conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone():
                conn.execute(f"CREATE DATABASE {DATABASE}")
        setup_database(self.owner_url, self.secrets)
        self.broker.start()
        with BrokerAdmin("127.0.0.1", self.broker.port, self.secrets.mqtt_admin) as admin:
            admin.bring_up_to_date()

    def stop_services(self) -> None:
        """Stop broker and database in good order."""
        self.broker.stop()
        self.postgres.stop()

    def delete(self) -> None:
        """Delete the instance's data; its services must be stopped."""
        shutil.rmtree(self.home, ignore_errors=True)

    def url(self, program: str) -> str:
        """The connection URL of one program's own login."""
        return self.postgres.url(DATABASE, program, self.secrets.database[program])

    def environment(self, program: str) -> dict[str, str]:
        """The settings of one program; secrets by file."""
        folder = self.home / "secrets" / "environment"
        url_file = folder / f"{program}_url"
        self.secrets.write(url_file, self.url(program))
        user = canary.VENDOR if program == "canary" else "ingest"
        self.secrets.write(folder / f"mqtt_{user}", self.secrets.terminals.get(user, self.secrets.mqtt_ingest))
        self.secrets.write(folder / "canary_token", self.secrets.canary_token)
        return {
            "SHOUWANG_DATABASE_URL_FILE": str(url_file),
            "SHOUWANG_MQTT_USERNAME": user,
            "SHOUWANG_MQTT_PASSWORD_FILE": str(folder / f"mqtt_{user}"),
            "SHOUWANG_CANARY_API": self.address,
            "SHOUWANG_CANARY_TOKEN_FILE": str(folder / "canary_token"),
            "SHOUWANG_MQTT_PORT": str(self.broker.port),
            "SHOUWANG_API_PORT": str(self.api_port),
            "SHOUWANG_OPS_PORT": str(self.ops_port),
            "SHOUWANG_COOKIE_SECURE": "false",  # loopback has no HTTPS
            **self.settings,
        }

    def program(self, name: str, *arguments: str, **settings: str) -> Program:
        """One of `ingest`, `engine`, `api`, `canary`; `settings` are further SHOUWANG_ variables, in lower case."""
        extra = {f"SHOUWANG_{key.upper()}": value for key, value in settings.items()}
        label = "-".join([name, *settings.values()])
        return Program(label, [name, *arguments], {**self.environment(name), **extra}, self.logs / f"{label}.log")

    def wait_for_api(self, program: Program, seconds: float = 60) -> None:
        """Wait until the API answers; raises ServiceError with its log's tail."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and program.alive:
            with contextlib.suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(f"{self.address}/healthz", timeout=2).close()  # noqa: S310 - our own address
                return
            time.sleep(0.1)
        raise ServiceError(f"the API did not come up:\n{program.tail()}")
