"""A broker that listens by TLS alone: one port for passwords, one for client certificates."""

import secrets
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from deploy.certificates import Authority
from deploy.listeners import Listener
from deploy.local.services import Broker
from tests.conftest import BrokerAccounts, RunningBroker
from tests.ports import a_port

NOW = datetime.now(UTC)


class TlsBroker(Broker):
    """The same broker, its listeners with a certificate: one by password, one by client certificate."""

    authority: Authority
    certified: int  # port

    def listeners(self) -> list[Listener]:
        """As on a real site, on loopback."""
        by_password = Listener(self.port, "127.0.0.1", self.inside)
        return [by_password, Listener(self.certified, "127.0.0.1", self.inside, f"{self.inside}/ca.pem")]

    def prepare(self) -> None:
        """Put the certificate beside the configuration."""
        self.authority.server(self.home, ["127.0.0.1"], NOW)
        (self.home / "ca.pem").write_bytes(self.authority.file.read_bytes())
        super().prepare()

    def renew(self) -> None:
        """Another certificate, as the hook of a renewal leaves it, and SIGHUP."""
        (self.home / "server.pem").unlink()
        self.authority.server(self.home, ["127.0.0.1"], NOW)
        self.reload()

    def reload(self) -> None:
        """Take up the certificate that lies there."""
        self._give_to_user(self.home)
        self.send(signal.SIGHUP)


@contextmanager
def serving_tls(
    root: Path, instance: str, authority: Authority, vendors: Iterable[str] = ("acme", "beta")
) -> Iterator[RunningBroker]:
    """Such a broker with accounts of its own."""
    accounts = BrokerAccounts(vendors={code: secrets.token_urlsafe() for code in vendors})
    server = TlsBroker(
        root, f"{instance}/{secrets.token_hex(4)}", a_port(),
        admin=accounts.admin, ingest=accounts.ingest, vendors=accounts.vendors,
    )  # fmt: skip
    server.authority, server.certified = authority, a_port()
    server.start()
    yield RunningBroker(server, accounts)
    server.stop()
