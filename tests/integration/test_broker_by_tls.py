"""A site whose broker is reached by TLS only, with a certificate authority of its own."""

import json
import os
import secrets
import ssl
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import paho.mqtt.client as mqtt
import psycopg
import pytest
import trustme
from paho.mqtt.enums import CallbackAPIVersion
from typer.testing import CliRunner

from core import tls
from core.settings import Settings
from deploy.broker import BrokerAdmin
from deploy.certificates import Authority
from deploy.doctor import encryption
from deploy.listeners import plugin_here
from deploy.local.programs import Program
from deploy.local.services import Broker
from deploy.vendor_accounts import cut_off, let_in
from device_sim.fleet import SimulatedFleet
from ingest.worker import run
from shouwang.cli import app
from tests.ports import a_port
from tests.programs import working
from tests.registry import seed
from tests.tls_broker import serving_tls
from tests.waiting import eventually

MESSAGES = 3000
NOW = datetime.now(UTC)


@pytest.fixture
def authority(tmp_path):
    made = Authority(tmp_path / "authority").ensure(NOW)
    (tmp_path / "ca.pem").write_bytes(made.file.read_bytes())
    return made


@pytest.fixture
def tls_broker(root, instance, authority):
    with serving_tls(root, instance, authority) as running:
        yield running


@pytest.fixture
def settings(database, tls_broker, tmp_path):
    return Settings(
        database_url=database.url("ingest"), mqtt_port=tls_broker.port, mqtt_password=tls_broker.accounts.ingest,
        mqtt_ca=tmp_path / "ca.pem",
    )  # fmt: skip


class Terminal:
    """A vendor's connection, which says whether it was taken and whether it was ever cut off."""

    def __init__(self, port, ca, name, *, login=None, certificate=None, version=mqtt.MQTTv5):
        self.reason, self.cut, self.heard = None, threading.Event(), threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, name, protocol=version)
        if login:
            self.client.username_pw_set(*login)
        self.client.tls_set(str(ca), *map(str, certificate or ()))
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = lambda *_: (self.cut.set(), self.heard.set())
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.heard.wait(5)

    def _on_connect(self, _client, _data, _flags, reason, _properties):
        self.reason = str(reason)
        self.heard.set()

    def says(self, topic, payload):
        """The broker's word on a message."""
        answer, heard = [], threading.Event()
        self.client.on_publish = lambda _c, _d, _m, reason, _p: (answer.append(str(reason)), heard.set())
        self.client.publish(topic, payload, qos=1)
        heard.wait(5)
        return answer

    def end(self):
        """Disconnect."""
        self.client.on_disconnect = None
        self.client.disconnect()
        self.client.loop_stop()


def is_connected(conn):
    row = conn.execute("SELECT (detail->>'connected')::bool FROM heartbeat WHERE process = 'ingest/1'").fetchone()
    return row and row[0]


def test_every_message_of_a_burst_is_stored(database, settings, tls_broker, tmp_path):
    _, serial = seed(database.owner, homes=1, types=("water_meter",)).device(0, "water_meter")
    terminal = Terminal(
        tls_broker.port, tmp_path / "ca.pem", "acme", login=("acme", tls_broker.accounts.vendors["acme"])
    )
    start = int(time.time() * 1000) - MESSAGES
    with psycopg.connect(database.owner, autocommit=True) as conn, working(run, settings):
        eventually(lambda: is_connected(conn))
        for number in range(MESSAGES):
            payload = f'{{"ts": {start + number}, "values": {{"water_volume": {number}}}}}'
            said = terminal.client.publish(f"sw/v1/acme/{serial}/telemetry", payload, qos=1)
        said.wait_for_publish(30)
        eventually(lambda: conn.execute("SELECT count(*) FROM reading").fetchone() == (MESSAGES,))
    terminal.end()


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


def test_a_renewed_certificate_is_served_and_nobody_is_cut_off(database, settings, tls_broker, tmp_path):
    _, serial = seed(database.owner, homes=1, types=("sos_button",)).device(0, "sos_button")
    login = ("acme", tls_broker.accounts.vendors["acme"])
    with psycopg.connect(database.owner, autocommit=True) as conn, working(run, settings):
        eventually(lambda: is_connected(conn))
        before = Terminal(tls_broker.port, tmp_path / "ca.pem", "before", login=login)
        served = ssl.get_server_certificate(("127.0.0.1", tls_broker.port))
        for number in range(3):
            tls_broker.server.renew()
            eventually(lambda: ssl.get_server_certificate(("127.0.0.1", tls_broker.port)) != served)  # noqa: B023
            served = ssl.get_server_certificate(("127.0.0.1", tls_broker.port))
            said = before.says(
                f"sw/v1/acme/{serial}/event", f'{{"ts": {time.time_ns() // 10**6}, "values": {{"sos": 1}}}}'
            )
            assert said == ["Success"]
            eventually(lambda: conn.execute("SELECT count(*) FROM reading").fetchone() == (number + 1,))  # noqa: B023
        after = Terminal(tls_broker.port, tmp_path / "ca.pem", "after", login=login)
        assert after.reason == "Success"
        assert not before.cut.is_set()
        assert is_connected(conn)
        before.end()
        after.end()


class ProvisionedBroker(Broker):
    """Mosquitto with what `shouwang provision` wrote; paths and ports are those of the test's root folder."""

    def prepare(self) -> None:
        """Provision, as an administrator does."""
        words = ["provision", "--dir", str(self.home / "secrets"), "--broker-dir", str(self.home), "--vendor", "acme"]
        words += ["--broker-name", "mqtt.example.org", "--broker-name", "127.0.0.1", "--client-certificates"]
        assert CliRunner().invoke(app, words).exit_code == 0
        config = self.home / "mosquitto.conf"
        text = config.read_text().replace(str(self.home), self.inside)
        plugin = next(self.root.glob("usr/lib/*/mosquitto_dynamic_security.so"))
        text = text.replace(plugin_here(), f"/{plugin.relative_to(self.root)}")
        for port, ours in ((8883, self.port), (8884, a_port())):
            text = text.replace(f"listener {port}", f"listener {ours} 127.0.0.1")
        config.write_text(text)
        self._give_to_user(self.home)


def test_what_provision_writes_is_a_broker_that_terminals_reach_by_tls(root, instance, tmp_path):
    server = ProvisionedBroker(root, f"{instance}/{secrets.token_hex(4)}", a_port(), admin="", ingest="", vendors={})
    server.start()
    password = json.loads((server.home / "secrets/vendor_passwords.json").read_text())["acme"]
    terminal = Terminal(server.port, server.home / "ca.pem", "btn", login=("acme", password))
    assert terminal.says("sw/v1/acme/btn/event", "{}") == ["No matching subscribers"]
    assert terminal.says("sw/v1/beta/btn/event", "{}") == ["Not authorized"]
    terminal.end()
    assert not encryption.speaks_plainly("127.0.0.1", server.port)
    server.stop()


@pytest.fixture
def certificate(authority, tmp_path):
    """Makes a key, has its request signed for an account, and gives the two files."""

    def make(account, by=authority):
        key, pem = tmp_path / f"{account}.key", tmp_path / f"{account}.pem"
        command = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                   "-subj", "/CN=anybody", "-keyout", str(key)]  # fmt: skip
        request = subprocess.run(command, check=True, capture_output=True).stdout
        pem.write_text(by.client(request, account, NOW))
        return pem, key

    return make


def test_a_client_certificate_logs_in_as_its_subject_without_a_password(tls_broker, tmp_path, certificate):
    port, ca = tls_broker.server.certified, tmp_path / "ca.pem"
    for version in (mqtt.MQTTv5, mqtt.MQTTv311):
        terminal = Terminal(port, ca, "any", certificate=certificate("acme"), version=version)
        assert terminal.reason == "Success"
        terminal.end()
    claims = Terminal(
        port, ca, "any", certificate=certificate("acme"), login=("beta", tls_broker.accounts.vendors["beta"])
    )
    assert claims.says("sw/v1/acme/btn/event", "{}") == ["No matching subscribers"]
    assert claims.says("sw/v1/beta/btn/event", "{}") == ["Not authorized"]
    claims.end()


def test_without_a_certificate_of_the_sites_authority_nobody_gets_in(tls_broker, tmp_path, certificate, authority):
    port, ca = tls_broker.server.certified, tmp_path / "ca.pem"
    login = ("acme", tls_broker.accounts.vendors["acme"])
    stranger = certificate("acme", by=Authority(tmp_path / "stranger").ensure(NOW))
    authority.server(tmp_path / "server", ["acme"], NOW)  # the site's own, but not for logging in
    servers = (tmp_path / "server/server.pem", tmp_path / "server/server.key")
    for given in (None, stranger, servers):
        terminal = Terminal(port, ca, "any", login=login, certificate=given)
        assert terminal.reason is None
        assert terminal.cut.is_set()
        terminal.end()


def test_a_client_certificate_takes_nobodys_session(tls_broker, tmp_path, certificate):
    """The broker checks no account's client id here: the account's name is the id, whatever the client says."""
    victim = Terminal(
        tls_broker.port, tmp_path / "ca.pem", "victim", login=("beta", tls_broker.accounts.vendors["beta"])
    )
    taker = Terminal(tls_broker.server.certified, tmp_path / "ca.pem", "victim", certificate=certificate("acme"))
    assert taker.says("sw/v1/acme/btn/event", "{}") == ["No matching subscribers"]
    assert not victim.cut.wait(1)
    assert victim.says("sw/v1/beta/btn/event", "{}") == ["No matching subscribers"]
    victim.end()
    taker.end()


def test_a_certificate_for_an_account_that_is_gone_may_publish_nothing(tls_broker, tmp_path, certificate):
    terminal = Terminal(tls_broker.server.certified, tmp_path / "ca.pem", "any", certificate=certificate("nobody"))
    assert terminal.says("sw/v1/acme/btn/event", "{}") == ["Not authorized"]
    terminal.end()


def test_a_certificate_of_a_vendor_that_was_cut_off_may_publish_nothing(tls_broker, tmp_path, certificate):
    admin = ("127.0.0.1", tls_broker.port, tls_broker.accounts.admin, tls.context(tmp_path / "ca.pem"))
    for change, answer in ((cut_off, "Not authorized"), (let_in, "No matching subscribers")):
        with BrokerAdmin(*admin) as broker:
            change(broker, ["acme"])
            change(broker, ["acme"])  # once more changes nothing
        terminal = Terminal(tls_broker.server.certified, tmp_path / "ca.pem", "any", certificate=certificate("acme"))
        assert terminal.says("sw/v1/acme/btn/event", "{}") == [answer]
        terminal.end()


def test_the_simulator_speaks_tls_as_the_terminals_do(root, instance, authority, tmp_path):
    fleet = SimulatedFleet.make(3, 1)
    with serving_tls(root, instance, authority, [vendor.code for vendor in fleet.vendors]) as broker:
        (tmp_path / "passwords.json").write_text(json.dumps(broker.accounts.vendors))
        told = {
            "SHOUWANG_MQTT_PORT": str(broker.port), "SHOUWANG_MQTT_CA": str(authority.file),
            "SHOUWANG_VENDOR_PASSWORDS_FILE": str(tmp_path / "passwords.json"),
        }  # fmt: skip
        for words in (["--press", fleet.homes[0].code], ["--seconds", "2"]):
            done = subprocess.run(
                [sys.executable, "-m", "shouwang", "simulate", "--homes", "3", *words], env={**os.environ, **told},
                capture_output=True, text=True, check=False, timeout=60,
            )  # fmt: skip
            assert done.returncode == 0
            assert "/event" in done.stdout or "terminals" in done.stderr
            assert "rror" not in done.stderr
