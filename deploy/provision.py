"""The secrets of a deployment, made once, and the database logins that go with them.

Every way of running uses this: `make run`, docker compose, bare metal. A secret that is there already is kept.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from core import canary
from core.accounts import names
from core.database import connect, grant_login, migrate
from deploy.broker import first_file

PROGRAMS = ("ingest", "engine", "api", "registrar", "canary")


@dataclass(frozen=True)
class Secrets:
    """The folder of secret files; each file holds one secret and can be read by its owner only."""

    folder: Path

    def ensure(self, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> str:
        """The secret of that name, made if it is not there."""
        path = self.folder / name
        if not path.exists():
            self.write(path, make())
        return path.read_text(encoding="utf-8").strip()

    @staticmethod
    def write(path: Path, text: str) -> None:
        """Write a file that only its owner can read."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)

    @property
    def postgres(self) -> str:
        """The schema owner's password."""
        return self.ensure("postgres")

    @property
    def mqtt_admin(self) -> str:
        """The broker administrator's password."""
        return self.ensure("mqtt_admin")

    @property
    def mqtt_ingest(self) -> str:
        """The ingest worker's password at the broker."""
        return self.ensure("mqtt_ingest")

    @property
    def canary_mqtt(self) -> str:
        """The self-check terminal's password at the broker."""
        return self.ensure("canary_mqtt")

    @property
    def canary_token(self) -> str:
        """The self-check's bearer token at the API."""
        return self.ensure("canary_token")

    @property
    def database(self) -> dict[str, str]:
        """Each program's database password."""
        return {program: self.ensure(f"{program}_db") for program in PROGRAMS}

    @property
    def vendors(self) -> dict[str, str]:
        """Each vendor's password at the broker."""
        found: dict[str, str] = json.loads(self.ensure("vendor_passwords.json", lambda: "{}"))
        return found

    @property
    def terminals(self) -> dict[str, str]:
        """Every account that publishes: the vendors' and the self-check's."""
        return self.vendors | {canary.VENDOR: self.canary_mqtt}


def provision(folder: Path, vendors: Iterable[str]) -> Secrets:
    """Make whatever secret is missing, one for each of `vendors` among them."""
    made = Secrets(folder)
    vendors = [names.vendor(code) for code in vendors]
    passwords = made.vendors
    missing = {code: secrets.token_urlsafe(24) for code in vendors if code not in passwords}
    if missing:
        made.write(folder / "vendor_passwords.json", json.dumps(passwords | missing, indent=1))
    _ = made.postgres, made.mqtt_admin, made.mqtt_ingest, made.database, made.terminals, made.canary_token
    return made


def write_urls(made: Secrets, host: str, port: int, database: str) -> None:
    """Each program's connection URL as a file `<program>_url`, for SHOUWANG_DATABASE_URL_FILE."""
    urls = {program: (program, password) for program, password in made.database.items()} | {
        "owner": ("postgres", made.postgres)
    }
    for name, (user, password) in urls.items():
        made.write(made.folder / f"{name}_url", f"postgresql://{user}:{password}@{host}:{port}/{database}")


def write_broker(made: Secrets, folder: Path) -> None:
    """The broker's configuration and, if it has none yet, its accounts, for the vendor's container image."""
    folder.mkdir(parents=True, exist_ok=True)
    template = (Path(__file__).parent / "mosquitto.conf").read_text(encoding="utf-8")
    text = template.replace("@LISTENER@", "listener 1883").replace("@DATA@", str(folder))
    (folder / "mosquitto.conf").write_text(text.replace("@PLUGIN@", "/usr/lib/mosquitto_dynamic_security.so"))
    accounts = folder / "dynamic-security.json"
    if not accounts.exists():
        made.write(accounts, first_file(made.mqtt_admin, made.mqtt_ingest, made.terminals))


def setup_database(owner_url: str, made: Secrets) -> list[str]:
    """Bring the schema up to date and give each program its login; returns the migrations applied now."""
    applied = migrate(owner_url)
    with connect(owner_url, "provision") as conn:
        for program, password in made.database.items():
            grant_login(conn, program, password, f"shouwang_{program}")
        canary.admit(conn, hashlib.sha256(made.canary_token.encode()).digest())
    return applied
