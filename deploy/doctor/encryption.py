"""The doctor's checks of what is encrypted, whose certificates are shown, and for how long they still hold."""

import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import psycopg

from core import tls
from core.mqtt import context
from core.settings import Settings
from deploy.doctor import Finding, bad, good, odd, store

WAIT = 5.0  # seconds for an answer
DAYS = 21  # a certificate with less left is a warning: three weeks are time to mend whatever renews it
PLAIN = 1883
HELLO = b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x05\x00\x00"  # MQTT 3.1.1 CONNECT without any name
ASKS_FOR_TLS = struct.pack("!ii", 8, 80877103)  # PostgreSQL's SSLRequest


def broker(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Our own connection to the broker, its certificate, and whether others are taken without TLS."""
    host, port = settings.mqtt_host, settings.mqtt_port
    made = context(settings)
    if made:
        with suppress(OSError), socket.create_connection((host, port), WAIT) as sock:  # no answer: said elsewhere
            yield from _certificate("broker", made, sock, host, now)
    elif tls.is_local(host):
        yield good("broker: on this machine, so without TLS")
    else:
        mend = "give the broker a certificate (docs/deployment.md) and unset SHOUWANG_MQTT_TLS"
        yield bad(f"broker: passwords and readings travel to {host} without TLS", mend)
    yield from _open_to_the_world(host, {PLAIN} if made else {PLAIN, port})


def _open_to_the_world(host: str, ports: set[int]) -> Iterator[Finding]:
    address = own_address() if tls.is_local(host) else host
    if address is None:
        return
    found = [port for port in sorted(ports) if speaks_plainly(address, port)]
    for port in found:
        mend = "listen there by TLS alone; a listener without it belongs on 127.0.0.1"
        yield bad(f"broker: {address}:{port} takes terminals without TLS", mend)
    if not found:
        yield good(f"broker: takes nobody at {address} without TLS")


def own_address() -> str | None:
    """The address by which this machine is reached from elsewhere, None without a network. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])
    return None


def speaks_plainly(host: str, port: int) -> bool:
    """Whether MQTT without TLS is answered there, were it with a refusal."""
    with suppress(OSError), socket.create_connection((host, port), WAIT) as sock:
        sock.sendall(HELLO)
        return sock.recv(1) == b"\x20"
    return False


def database(conn: psycopg.Connection, now: datetime) -> Iterator[Finding]:
    """Our own connection to the database, and the certificate it shows."""
    host, given = conn.info.host, conn.info.get_parameters()
    mode, encrypted = given.get("sslmode", "prefer"), store.is_encrypted(conn)
    if tls.is_local(host):
        yield good("database: on this machine")
    elif not encrypted:
        yield bad(
            f"database: what goes to {host} is not encrypted", "ssl = on there, and no sslmode in SHOUWANG_DATABASE_URL"
        )
    elif mode != "verify-full":
        yield odd(f"database: encrypted, but {host}'s certificate is not checked", "take sslmode out of the URL")
    else:
        made = ssl.create_default_context(cafile=given.get("sslrootcert"))
        with suppress(OSError), socket.create_connection((host, conn.info.port), WAIT) as sock:
            sock.sendall(ASKS_FOR_TLS)
            sock.recv(1)
            yield from _certificate("database", made, sock, host, now)


def _certificate(
    whose: str, made: ssl.SSLContext, sock: socket.socket, host: str, now: datetime
) -> Iterator[Finding]:  # fmt: skip
    try:
        with made.wrap_socket(sock, server_hostname=host) as wrapped:
            shown = wrapped.getpeercert() or {}
            version = wrapped.version()
    except ssl.SSLCertVerificationError as error:
        yield bad(f"{whose}: {host}'s certificate is not believed: {error.verify_message}", _mend(error))
        return
    except (ssl.SSLError, ConnectionError) as error:
        yield bad(
            f"{whose}: {host} does not speak TLS: {type(error).__name__}", "give it a listener with a certificate"
        )
        return
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)
    left = (ends - now).days
    if left < DAYS:
        yield odd(f"{whose}: {host}'s certificate ends in {left} days", f"renew it before {ends:%Y-%m-%d}, then reload")
    else:
        yield good(f"{whose}: {version}, {host}'s certificate is good for {left} days")


def _mend(error: ssl.SSLCertVerificationError) -> str:
    """By OpenSSL's number of what is wrong."""
    return {
        10: "it has run out: renew it, then reload the server",
        9: "it is not valid yet: set the clocks",
        62: "it is for another name: reach the server by a name it has, or issue one for this name",
        64: "it is for another address: reach the server by a name it has, or issue one for this address",
    }.get(error.verify_code, "its authority is unknown here: set SHOUWANG_MQTT_CA or SHOUWANG_DATABASE_CA")
