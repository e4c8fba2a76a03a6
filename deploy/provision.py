"""The secrets of a deployment, made once, and the database logins that go with them.

Every way of running uses this: `make run`, docker compose, bare metal. A secret that is there already is kept.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from core import canary
from core.database import connect, grant_login, migrate
from deploy.broker import first_file
from deploy.certificates import Authority, CertificateError, is_anothers, names_of, take_over
from deploy.files import write_private
from deploy.listeners import TERMINALS, WITH_CERTIFICATE, Listener, configuration, plugin_here
from registry import canary_store
from registry.accounts import names

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
        write_private(path, text)

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
    def authority(self) -> Authority:
        """The site's own certificate authority."""
        return Authority(self.folder / "authority")

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


def handed(made: Secrets, url: Callable[[str, str], str]) -> dict[str, dict[str, str]]:
    """What each program gets to know, as file name and text; `url` makes a login's connection URL."""
    own = {program: {"database_url": url(program, password)} for program, password in made.database.items()}
    own["ingest"]["mqtt_password"] = made.mqtt_ingest
    own["canary"] |= {"mqtt_password": made.canary_mqtt, "canary_token": made.canary_token}
    own["admin"] = own.pop("registrar") | {"mqtt_admin": made.mqtt_admin}
    own["demo-data"] = {"database_url": url("postgres", made.postgres)}
    own["demo"] = {"vendor_passwords.json": json.dumps(made.vendors, indent=1)}
    return own


def write_programs(made: Secrets, folder: Path, host: str, port: int, database: str) -> list[Path]:
    """A folder for each program with its own secrets and no others; returns the folders.

    Beside the secrets themselves, without containers, the demo gets none: it has the schema owner's login.
    """

    def url(user: str, password: str) -> str:
        return f"postgresql://{user}:{password}@{host}:{port}/{database}"

    authority = made.authority.file.read_text(encoding="utf-8")
    programs = handed(made, url)
    if folder == made.folder:
        programs = {name: files for name, files in programs.items() if not name.startswith("demo")}
    for program, files in programs.items():
        for name, text in {**files, "ca.pem": authority}.items():
            write_private(folder / program / name, text)
    return [folder / program for program in programs]


@dataclass(frozen=True)
class BrokerFiles:
    """What the broker's configuration is made of."""

    folder: Path
    names: Sequence[str] = ()  # by which it is reached: host names, addresses; none: as before
    certificate: Path | None = None  # folder with another authority's fullchain.pem and privkey.pem
    client_certificates: bool | None = None  # None: as before

    def listeners(self) -> list[Listener]:
        """For terminals with a password, and perhaps for those with a certificate; none without TLS."""
        here, config = str(self.folder), self.folder / "mosquitto.conf"
        found = [Listener(TERMINALS, certificates=here)]
        before = config.exists() and "require_certificate true" in config.read_text(encoding="utf-8")
        if before if self.client_certificates is None else self.client_certificates:
            found.append(Listener(WITH_CERTIFICATE, certificates=here, clients=f"{here}/ca.pem"))
        return found


def write_broker(made: Secrets, files: BrokerFiles, now: datetime) -> bool:
    """The broker's configuration, certificate and, if it has none yet, its accounts.

    True when the certificate is another one than before: a broker that runs must be told, by SIGHUP.
    """
    folder = files.folder
    folder.mkdir(parents=True, exist_ok=True)
    text = configuration(files.listeners(), str(folder), plugin_here())
    (folder / "mosquitto.conf").write_text(text, encoding="utf-8")
    write_private(folder / "ca.pem", made.authority.file.read_text(encoding="utf-8"))
    accounts = folder / "dynamic-security.json"
    if not accounts.exists():
        made.write(accounts, first_file(made.mqtt_admin, made.mqtt_ingest, made.terminals))
    given = files.certificate
    if given and (not given.exists() or any(given.iterdir())):
        return take_over(given / "fullchain.pem", given / "privkey.pem", folder, now)
    if is_anothers(folder, made.authority):
        if given:  # a folder that was not mounted must not cut off every terminal
            raise CertificateError(f"{folder}/server.pem is by another authority: give its next one, or delete it")
        return False
    return made.authority.server(folder, files.names or names_of(folder) or ["localhost"], now)


def write_postgres(made: Secrets, folder: Path, names: Sequence[str], now: datetime) -> None:
    """The owner's password and the server's certificate, for the database's container alone."""
    write_private(folder / "postgres", made.postgres)
    made.authority.server(folder, names, now)


def setup_database(owner_url: str, made: Secrets) -> list[str]:
    """Bring the schema up to date and give each program its login; returns the migrations applied now."""
    applied = migrate(owner_url)
    with connect(owner_url, "provision") as conn:
        for program, password in made.database.items():
            grant_login(conn, program, password, f"shouwang_{program}")
        canary_store.admit(conn, hashlib.sha256(made.canary_token.encode()).digest())
    return applied
