"""A broker of version 0.1 gets TLS as docs/deployment.md says: its port 1883 stays until it is taken away."""

import re
import socket
import threading
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from core import tls
from deploy.broker import first_file
from deploy.certificates import Authority
from deploy.doctor.encryption import speaks_plainly
from deploy.listeners import Listener, configuration
from deploy.local.services import Broker
from tests.conftest import BrokerAccounts
from tests.ports import a_port
from tests.waiting import eventually

DOCS = (Path(__file__).parents[2] / "docs/deployment.md").read_text(encoding="utf-8")
BLOCKS = [re.sub(r"^ +", "", block, flags=re.MULTILINE) for block in re.findall(r"```\n(.*?)```", DOCS, re.DOTALL)]
NOW = datetime.now(UTC)


def shown(beginning):
    """The one block of the document that begins so."""
    [block] = [block for block in BLOCKS if block.startswith(beginning)]
    return block


class Mosquitto(Broker):
    """A broker whose /etc/mosquitto is written by hand, and by `provision` in its folder `shouwang`."""

    by_tls = 0

    def command(self):
        """Started from the file that is there: Debian's, or at first 0.1's own."""
        main = "mosquitto.conf" if (self.home / "mosquitto.conf").exists() else "shouwang/mosquitto.conf"
        return ["/usr/sbin/mosquitto", "-c", f"{self.inside}/{main}"]

    def prepare(self):
        """The files are the test's; the broker's user gets them, as by --broker-uid."""
        self._give_to_user(self.home)

    def ready(self):
        """Whether the port of this stage listens."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.by_tls or self.port)) == 0

    def write(self, name, text):
        """A file below /etc/mosquitto, with this broker's paths and port."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = text.replace("/etc/mosquitto", self.inside)
        path.write_text(re.sub(r"^listener 1883$", f"listener {self.port} 127.0.0.1", text, flags=re.MULTILINE))

    def provision(self, listeners):
        """What `provision --broker-dir` writes; the file of accounts stays."""
        plugin = next(self.root.glob("usr/lib/*/mosquitto_dynamic_security.so"))
        text = configuration(listeners, f"{self.inside}/shouwang", f"/{plugin.relative_to(self.root)}")
        self.write("shouwang/mosquitto.conf", text)

    def restart(self):
        """As systemctl does."""
        self.stop()
        self.start()


class Client:
    """A client that remembers what it heard; its session stays when it goes."""

    def __init__(self, port, login, name, context=None):
        self.heard, up = [], threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, name, protocol=mqtt.MQTTv5)
        self.client.username_pw_set(*login)
        if context:
            self.client.tls_set_context(context)
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = lambda _c, _d, _f, reason, _p: reason.is_failure or up.set()
        self.client.on_message = lambda _c, _d, message: self.heard.append(message.payload)
        lasting = Properties(PacketTypes.CONNECT)
        lasting.SessionExpiryInterval = 3600
        self.client.connect("127.0.0.1", port, clean_start=False, properties=lasting)
        self.client.loop_start()
        assert up.wait(10)

    def say(self, text):
        """Publish at QoS 1, once it is back; returns when the broker has taken it."""
        eventually(self.client.is_connected)
        message = self.client.publish("sw/v1/acme/btn-1/event", text, qos=1)
        message.wait_for_publish(20)
        assert message.is_published()

    def close(self):
        """Disconnect."""
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def accounts():
    return BrokerAccounts()


@pytest.fixture
def mosquitto(root, instance, accounts):
    """As 0.1 left it: one listener, without TLS."""
    given = {"admin": accounts.admin, "ingest": accounts.ingest, "vendors": accounts.vendors}
    server = Mosquitto(root, f"{instance}/of-0-1", a_port(), **given)
    server.provision(["listener 1883"])
    server.write("shouwang/dynamic-security.json", first_file(*given.values()))
    server.start()
    yield server
    server.stop()


def test_terminals_on_1883_go_on_until_the_port_is_taken_away_and_nothing_is_lost(mosquitto, accounts, tmp_path):
    ingest, acme = ("ingest", accounts.ingest), ("acme", accounts.vendors["acme"])
    worker = Client(mosquitto.port, ingest, "worker")
    worker.client.subscribe("sw/v1/#", qos=1)
    terminal = Client(mosquitto.port, acme, "btn-1")
    terminal.say("heard by the old worker")
    eventually(lambda: len(worker.heard) == 1)
    worker.close()
    terminal.say("waits through the upgrade")

    authority = Authority(tmp_path / "authority").ensure(NOW)
    trust = tls.context(authority.file)
    by_tls = a_port()
    mosquitto.provision([Listener(by_tls, "127.0.0.1", f"{mosquitto.inside}/shouwang")])
    authority.server(mosquitto.home / "shouwang", ["127.0.0.1"], NOW)
    mosquitto.write("conf.d/plain.conf", shown("listener 1883"))
    mosquitto.write("mosquitto.conf", shown("include_dir"))
    mosquitto.by_tls = by_tls
    mosquitto.restart()

    terminal.say("by 1883 after the upgrade")
    moved = Client(by_tls, acme, "btn-2", trust)
    moved.say("by TLS")
    worker = Client(by_tls, ingest, "worker", trust)
    wanted = {b"waits through the upgrade", b"by 1883 after the upgrade", b"by TLS"}
    eventually(lambda: set(worker.heard) == wanted)
    assert speaks_plainly("127.0.0.1", mosquitto.port), "the doctor sees the port as long as it is there"

    terminal.close()
    (mosquitto.home / "conf.d/plain.conf").unlink()
    mosquitto.restart()
    assert not speaks_plainly("127.0.0.1", mosquitto.port)
    moved.say("by TLS alone")
    eventually(lambda: b"by TLS alone" in worker.heard)
    for client in (moved, worker):
        client.close()
