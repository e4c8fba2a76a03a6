"""The broker's listeners and its configuration, from the one template that every way of running uses."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.tls import is_local

TERMINALS, WITH_CERTIFICATE = 8883, 8884  # ports: log in with a password, or with a client certificate
IN_CONTAINER = "/usr/lib/mosquitto_dynamic_security.so"  # of the vendor's image


def plugin_here() -> str:
    """Mosquitto's dynamic security where Debian put it on this machine, else where the vendor's image has it."""
    return str(next(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"), IN_CONTAINER))


@dataclass(frozen=True)
class Listener:
    """A port that the broker listens on; raises ValueError for one without TLS that others than this machine reach."""

    port: int
    address: str = ""  # empty: all of them
    certificates: str = ""  # folder of server.pem and server.key as the broker sees it; empty: without TLS
    clients: str = ""  # the authority's file; given, clients log in with its certificates alone

    def __post_init__(self) -> None:
        if not self.certificates and not (self.address and is_local(self.address)):
            raise ValueError(f"port {self.port} would be open to the world without TLS")

    def __str__(self) -> str:
        """As Mosquitto reads it."""
        lines = [f"listener {self.port} {self.address}".rstrip()]
        if self.certificates:
            lines += [f"certfile {self.certificates}/server.pem", f"keyfile {self.certificates}/server.key"]
        if self.clients:
            lines += [
                f"cafile {self.clients}",
                "require_certificate true",
                "use_identity_as_username true",
                "use_username_as_clientid true",
            ]
        return "\n".join(lines)


def configuration(listeners: Iterable[Listener], data: str, plugin: str) -> str:
    """Mosquitto's configuration; `data` is its folder and `plugin` its dynamic security, both as it sees them."""
    text = (Path(__file__).parent / "mosquitto.conf").read_text(encoding="utf-8")
    filled = {"@LISTENERS@": "\n".join(map(str, listeners)), "@DATA@": data, "@PLUGIN@": plugin}
    for name, value in filled.items():
        text = text.replace(name, value)
    return text
