"""PostgreSQL with TimescaleDB, and Mosquitto, run from a Debian root folder: no container engine needed.

`mmdebstrap` makes the folder once, in a cache outside the checkout; both servers run chrooted in it as their own
users, on loopback. An instance (one checkout's data, or one test run's) is a folder of its own below `srv/`.
"""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from deploy.broker import first_file
from deploy.listeners import Listener, configuration
from deploy.provision import Secrets

SUITE = "trixie"
PACKAGES = "postgresql-17-timescaledb,mosquitto,mosquitto-clients,nginx-light,caddy"  # the last two for the tests
ROOT_NAME = f"services-{SUITE}-3"  # raise the number when PACKAGES change
PG_BIN = "/usr/lib/postgresql/17/bin"

HELP = """Shouwang's own way to run TimescaleDB and the broker needs Debian or Ubuntu, root, and mmdebstrap
(apt-get install mmdebstrap). This host cannot: {why}.
Instead, one of these:
  · docker compose up --build                (any system with a container engine)
  · a TimescaleDB 2.19+ on PostgreSQL 17 and an MQTT 5 broker of your own: set SHOUWANG_DATABASE_URL,
    SHOUWANG_MQTT_HOST and SHOUWANG_MQTT_PORT, and start the programs as docs/architecture.md says."""


class ServiceError(RuntimeError):
    """A service could not be set up or started; the message says what to do."""


def cache() -> Path:
    """Where the root folder is kept: `SHOUWANG_CACHE`, or ~/.cache/shouwang."""
    return Path(os.environ.get("SHOUWANG_CACHE") or Path.home() / ".cache" / "shouwang")


def ensure_root() -> Path:
    """The root folder with both servers, made on first use (about 20 s); raises ServiceError with the remedy."""
    root = cache() / ROOT_NAME
    if (root / "usr/sbin/mosquitto").exists() and (root / PG_BIN.lstrip("/") / "postgres").exists():
        return root
    if os.geteuid() != 0:
        raise ServiceError(HELP.format(why="not running as root"))
    if not shutil.which("mmdebstrap"):
        raise ServiceError(HELP.format(why="mmdebstrap is not installed"))
    root.parent.mkdir(parents=True, exist_ok=True)
    making = root.with_name(f"{ROOT_NAME}.making-{os.getpid()}")
    try:
        done = subprocess.run(
            ["mmdebstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(making)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise ServiceError(f"mmdebstrap failed:\n{done.stderr[-2000:]}")
        if not root.exists():
            making.rename(root)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return root


def free_port(preferred: int) -> int:
    """`preferred` if nobody listens there, else one that the system gives."""
    for port in (preferred, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise ServiceError("no free port on loopback")


@contextmanager
def _patience(what: str, seconds: float, log: Path) -> Iterator[Iterator[None]]:
    """Yields an iterator that paces a wait; raises ServiceError with the log's tail when time is up."""

    def pace() -> Iterator[None]:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            yield
            time.sleep(0.05)
        tail = log.read_text(errors="replace")[-1500:] if log.exists() else ""
        raise ServiceError(f"{what} was not ready after {seconds:.0f} s\n{tail}")

    yield pace()


class Service:
    """One chrooted server process."""

    name = ""
    user = ""

    def __init__(self, root: Path, instance: str, port: int) -> None:
        self.root = root
        self.port = port
        self.inside = f"/srv/{instance}/{self.name}"  # as the chrooted process sees it
        self.home = root / self.inside.lstrip("/")
        self.log = self.home / "log"
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        """What to run, as seen inside the root folder."""
        raise NotImplementedError

    def prepare(self) -> None:
        """Make the data folder ready."""
        raise NotImplementedError

    def ready(self) -> bool:
        """Whether it answers."""
        raise NotImplementedError

    def chrooted(self, *command: str) -> list[str]:
        """`command` run inside the root folder as this server's user."""
        return ["chroot", f"--userspec={self.user}", str(self.root), *command]

    def start(self) -> None:
        """Start and wait until it answers; raises ServiceError with the log's tail."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._stop_leftover()
        self.prepare()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.chrooted(*self.command()), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        (self.home / "pid").write_text(str(self.process.pid))
        with _patience(self.name, 30, self.log) as pace:
            for _ in pace:
                if self.process.poll() is not None:
                    raise ServiceError(f"{self.name} ended at once:\n{self.log.read_text(errors='replace')[-1500:]}")
                if self.ready():
                    return

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the server."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)

    def stop(self) -> None:
        """Stop in good order."""
        self.send(self.good_end)
        if self.process:
            self.process.wait(60)
        (self.home / "pid").unlink(missing_ok=True)

    def kill(self) -> None:
        """kill -9, as a power cut would."""
        if self.process:
            self.send(signal.SIGKILL)
            self.process.wait(10)

    good_end = signal.SIGTERM

    def _stop_leftover(self) -> None:
        """End a server that an earlier, killed run left behind on the same data."""
        pid_file = self.home / "pid"
        if not pid_file.exists() or (self.process and self.process.poll() is None):
            return
        pid = int(pid_file.read_text())
        command_line = Path(f"/proc/{pid}/cmdline")
        if command_line.exists() and self.inside.encode() in command_line.read_bytes():
            os.kill(pid, self.good_end)
            with _patience(f"{self.name} left by an earlier run", 30, self.log) as pace:
                for _ in pace:
                    if not command_line.exists() or not command_line.read_bytes():
                        break
        pid_file.unlink()

    def _give_to_user(self, path: Path) -> None:
        subprocess.run(
            ["chroot", str(self.root), "chown", "-R", f"{self.user}:", f"/{path.relative_to(self.root)}"], check=True
        )


class Postgres(Service):
    """PostgreSQL 17 with TimescaleDB (Apache edition)."""

    name = "postgres"
    user = "postgres"
    good_end = signal.SIGINT  # fast shutdown: roll back, checkpoint, exit

    def __init__(self, root: Path, instance: str, port: int, **config: str) -> None:
        super().__init__(root, instance, port)
        self.data = self.home / "data"
        self.secret = self.home.parent / "secrets" / "postgres"
        self.config = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "dynamic_shared_memory_type": "sysv",  # the root folder has no /dev/shm of its own
            "shared_preload_libraries": "timescaledb,pg_stat_statements",
            "timescaledb.telemetry_level": "off",
            "shared_buffers": "512MB",
            "max_wal_size": "4GB",
            "checkpoint_timeout": "15min",
            "wal_compression": "lz4",
            "max_connections": "100",
            "timezone": "UTC",
            **config,
        }

    def command(self) -> list[str]:
        """The server on its port."""
        options = [word for key, value in self.config.items() for word in ("-c", f"{key}={value}")]
        return [f"{PG_BIN}/postgres", "-D", f"{self.inside}/data", "-p", str(self.port), *options]

    def prepare(self) -> None:
        """initdb with a random superuser password, once."""
        if (self.data / "PG_VERSION").exists():
            (self.data / "postmaster.pid").unlink(missing_ok=True)  # _stop_leftover has made sure nobody runs
            return
        if not self.secret.exists():
            Secrets.write(self.secret, secrets.token_urlsafe(32))
        pwfile = self.home / "pwfile"
        pwfile.write_text(self.secret.read_text())
        self._give_to_user(self.home)
        subprocess.run(
            self.chrooted(
                f"{PG_BIN}/initdb", "-D", f"{self.inside}/data", "-U", "postgres", "--auth=scram-sha-256",
                f"--pwfile={self.inside}/pwfile", "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums",
            ),
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        pwfile.unlink()

    def ready(self) -> bool:
        """Whether it takes a connection."""
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self, database: str, user: str = "postgres", password: str | None = None) -> str:
        """A connection URL; without a password, the superuser's."""
        return f"postgresql://{user}:{password or self.secret.read_text()}@127.0.0.1:{self.port}/{database}"


class Broker(Service):
    """Mosquitto with dynamic security; every account is in `accounts` at first start, vendors can be added later."""

    name = "mosquitto"
    user = "mosquitto"

    def __init__(
        self, root: Path, instance: str, port: int, *, admin: str, ingest: str, vendors: dict[str, str]
    ) -> None:
        super().__init__(root, instance, port)
        self.accounts = (admin, ingest, vendors)

    def listeners(self) -> list[Listener]:
        """On loopback alone, so without TLS."""
        return [Listener(self.port, "127.0.0.1")]

    def command(self) -> list[str]:
        """The broker on its configuration."""
        return ["/usr/sbin/mosquitto", "-c", f"{self.inside}/mosquitto.conf"]

    def prepare(self) -> None:
        """Write the configuration; the accounts only once, for the broker keeps them from then on."""
        plugin = next(self.root.glob("usr/lib/*/mosquitto_dynamic_security.so"))
        text = configuration(self.listeners(), self.inside, f"/{plugin.relative_to(self.root)}")
        (self.home / "mosquitto.conf").write_text(text)
        accounts = self.home / "dynamic-security.json"
        if not accounts.exists():
            accounts.write_text(first_file(*self.accounts))
            accounts.chmod(0o600)
        self._give_to_user(self.home)

    def ready(self) -> bool:
        """Whether it listens."""
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
