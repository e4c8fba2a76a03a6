"""A site whose broker is reached by TLS only, with a certificate authority of its own."""

import ssl
import time

import paho.mqtt.client as mqtt
import psycopg
import pytest
import trustme
from paho.mqtt.enums import CallbackAPIVersion

from core.settings import Settings
from deploy.local.programs import Program
from deploy.local.services import Broker, free_port
from ingest.worker import run
from tests.conftest import BrokerAccounts, RunningBroker
from tests.faults.harness import eventually
from tests.programs import working
from tests.registry import seed

MESSAGES = 3000


class TlsBroker(Broker):
    """The same broker, its only listener with a certificate."""

    authority: trustme.CA

    def prepare(self) -> None:
        """Put the certificate beside the configuration."""
        super().prepare()
        certificate = self.authority.issue_cert("127.0.0.1")
        certificate.private_key_and_cert_chain_pem.write_to_path(self.home / "server.pem")
        config = self.home / "mosquitto.conf"
        listener = f"listener {self.port} 127.0.0.1"
        files = f"certfile {self.inside}/server.pem\nkeyfile {self.inside}/server.pem"
        config.write_text(config.read_text().replace(listener, f"{listener}\n{files}"))
        self._give_to_user(self.home)


@pytest.fixture
def authority(tmp_path):
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    return made


@pytest.fixture
def tls_broker(root, instance, authority):
    accounts = BrokerAccounts()
    server = TlsBroker(
        root, f"{instance}/tls", free_port(51894),
        admin=accounts.admin, ingest=accounts.ingest, vendors=accounts.vendors,
    )  # fmt: skip
    server.authority = authority
    server.start()
    yield RunningBroker(server, accounts)
    server.stop()


@pytest.fixture
def settings(database, tls_broker, tmp_path):
    return Settings(
        database_url=database.url("ingest"), mqtt_port=tls_broker.port, mqtt_password=tls_broker.accounts.ingest,
        mqtt_ca=tmp_path / "ca.pem",
    )  # fmt: skip


def is_connected(conn):
    row = conn.execute("SELECT (detail->>'connected')::bool FROM heartbeat WHERE process = 'ingest/1'").fetchone()
    return row and row[0]


def test_every_message_of_a_burst_is_stored(database, settings, tls_broker, tmp_path):
    _, serial = seed(database.owner, homes=1, types=("water_meter",)).device(0, "water_meter")
    client = mqtt.Client(CallbackAPIVersion.VERSION2, "acme")
    client.username_pw_set("acme", tls_broker.accounts.vendors["acme"])
    client.tls_set(str(tmp_path / "ca.pem"), tls_version=ssl.PROTOCOL_TLS_CLIENT)
    client.connect("127.0.0.1", tls_broker.port)
    client.loop_start()
    start = int(time.time() * 1000) - MESSAGES
    with psycopg.connect(database.owner, autocommit=True) as conn, working(run, settings):
        eventually(lambda: is_connected(conn))
        for number in range(MESSAGES):
            payload = f'{{"ts": {start + number}, "values": {{"water_volume": {number}}}}}'
            said = client.publish(f"sw/v1/acme/{serial}/telemetry", payload, qos=1)
        said.wait_for_publish(30)
        eventually(lambda: conn.execute("SELECT count(*) FROM reading").fetchone() == (MESSAGES,))
    client.disconnect()
    client.loop_stop()


def test_a_broker_with_a_strangers_certificate_is_not_trusted(database, settings, tmp_path):
    seed(database.owner, homes=1)
    trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
    environment = {
        "SHOUWANG_DATABASE_URL": settings.database_url.get_secret_value(),
        "SHOUWANG_MQTT_PORT": str(settings.mqtt_port),
        "SHOUWANG_MQTT_PASSWORD": settings.mqtt_password.get_secret_value(),
        "SHOUWANG_MQTT_CA": str(settings.mqtt_ca),
    }
    program = Program("ingest", ["ingest"], environment, tmp_path / "ingest.log")
    program.start()
    try:
        eventually(lambda: "certificate verify failed" in program.tail())
        with psycopg.connect(database.owner, autocommit=True) as conn:
            assert not is_connected(conn)
    finally:
        program.stop()
