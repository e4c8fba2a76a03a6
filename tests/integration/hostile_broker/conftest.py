"""One connection of a worker, and a hostile broker on its other side, by TCP and by TLS."""

import ssl
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from core.settings import Settings
from deploy.certificates import Authority
from ingest import mqtt
from ingest.draft import by_link
from ingest.mailbox import Mailbox
from ingest.mqtt import Connection
from ingest.topics import the_rest
from tests.hostile_broker import hostile


class Line:
    """A connection of the vendor acme's telemetry; the test is the writer behind it."""

    def __init__(self, broker, port, ca):
        self.broker = broker
        self.box = Mailbox("hostile", threading.Event(), lull=0.001)
        settings = Settings(database_url="postgresql://", mqtt_port=port, mqtt_ca=ca)
        self.connection = Connection(settings, "lane", the_rest("acme"), self.box)
        self._stopped = False

    def start(self):
        self.connection.start()
        return self

    def stop(self, **how):
        """Seconds that it took."""
        begin, self._stopped = time.monotonic(), True
        self.connection.stop(**how)
        return time.monotonic() - begin

    def guest(self):
        """The broker's side, once the subscription stands."""
        return self.broker.subscriber("sw/v1/acme/#")

    def take(self, count, seconds=20):
        """So many messages that have come."""
        messages, until = [], time.monotonic() + seconds
        while len(messages) < count:
            assert time.monotonic() < until, f"{len(messages)} of {count} messages came"
            messages += self.box.turn(time.monotonic() + 0.2, gathering=False)
        return messages

    def acknowledge(self, messages):
        for link, those in by_link(messages):
            link.acknowledge(those)

    def cpu(self):
        """Seconds of CPU that its thread has used."""
        return time.clock_gettime(time.pthread_getcpuclockid(self.connection.ident))

    def close(self):
        """Whether its thread was still alive, or had been stopped by the test."""
        alive = self._stopped or self.connection.is_alive()
        if not self._stopped:
            self.stop()
        return alive


@pytest.fixture
def impatient(monkeypatch):
    """Pauses short enough for a test to see them grow."""
    monkeypatch.setattr(mqtt, "RECONNECT_SECONDS", (0.1, 0.8))


@pytest.fixture
def certificate(tmp_path):
    """(the broker's context, the file of its authority)."""
    now = datetime.now(UTC)
    authority = Authority(tmp_path / "authority").ensure(now)
    authority.server(tmp_path, ["127.0.0.1"], now)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    return context, authority.file


@pytest.fixture
def lined(impatient):
    """A broker and a line to it, or to a port; afterwards its thread must be alive, whatever was done to it."""

    @contextmanager
    def made(context=None, ca=None, port=None):
        with hostile(context) as broker:
            line = Line(broker, port or broker.port, ca)
            try:
                yield line
            finally:
                alive = line.close()
            assert alive, "the thread has ended"

    return made


@pytest.fixture(params=["tcp", "tls"])
def line(request, lined):
    """A line that has not started yet, by TCP and by TLS."""
    how = request.getfixturevalue("certificate") if request.param == "tls" else ()
    with lined(*how) as made:
        yield made


@pytest.fixture
def plain(lined):
    """A line by TCP, for what does not depend on what carries it."""
    with lined() as made:
        yield made
