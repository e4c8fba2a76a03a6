"""What the vendor guide shows, done as it shows it: Mosquitto's own `mosquitto_pub` with a second vendor's password."""

import subprocess
import time

import psycopg
import pytest

from core.settings import Settings
from deploy import terminals
from deploy.broker import BrokerAdmin
from ingest.worker import run
from tests.api_service import serving
from tests.programs import working
from tests.takeover_rig import logins_in
from tests.waiting import eventually


@pytest.fixture
def site(database, broker):
    """API and ingest over a registry in which the vendor beta (SenML) has a button, and a login."""
    with serving(database) as service:
        service.sql(
            "INSERT INTO device (vendor_id, serial, type, home_id, installed_at)"
            " VALUES (%s, 'btn-17', 'sos_button', %s, now())",
            service.registry.vendors["beta"], service.registry.homes[0],
        )  # fmt: skip
        service.sql(
            "INSERT INTO account (username, name, password_hash, role, vendor_id)"
            " SELECT 'vendor-beta', '测试·厂家', password_hash, 'vendor', %s FROM account WHERE username = 'op1'",
            service.registry.vendors["beta"],
        )
        settings = Settings(
            database_url=database.url("ingest"), mqtt_port=broker.port, mqtt_password=broker.accounts.ingest
        )
        with working(run, settings):
            eventually(lambda: service.sql("SELECT 1 FROM heartbeat WHERE (detail->>'connected')::bool"))
            time.sleep(0.3)  # the subscriptions follow the connection
            yield service


@pytest.fixture
def publish(root, broker):
    """`mosquitto_pub` as the vendor beta; gives what it says."""

    def run_it(
        topic: str,
        payload: str,
        password: str = broker.accounts.vendors["beta"],
        user: str = "beta",
        client_id: str = "",
    ) -> subprocess.CompletedProcess[str]:
        own = ["-i", client_id] if client_id else []
        return subprocess.run(
            ["chroot", str(root), "mosquitto_pub", "-V", "5", "-h", "127.0.0.1", "-p", str(broker.port),
             "-u", user, "-P", password, *own, "-q", "1", "-t", topic, "-m", payload],
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip

    return run_it


def test_a_second_vendors_message_is_stored(site, publish, database):
    said = publish("sw/v1/beta/btn-17/event", '[{"n": "sos", "vb": true}]')
    assert (said.returncode, said.stderr) == (0, "")
    with psycopg.connect(database.owner, autocommit=True) as conn:
        stored = "SELECT value FROM reading JOIN device d ON d.id = device_id WHERE d.serial = 'btn-17'"
        eventually(lambda: conn.execute(stored).fetchall() == [(1.0,)])


def test_a_terminal_with_an_account_of_its_own_is_heard_under_its_client_id_and_no_other(
    site, publish, broker, tmp_path, database
):
    with BrokerAdmin("127.0.0.1", broker.port, broker.accounts.admin) as admin:
        terminals.make(admin, [terminals.for_terminal("beta", "btn-17")], tmp_path / "logins.csv")
    login = logins_in(tmp_path / "logins.csv")["beta/btn-17"]
    own = {"user": login.username, "password": login.password}
    said = publish("sw/v1/beta/btn-17/event", '[{"n": "sos", "vb": true}]', client_id=login.client_id, **own)
    assert (said.returncode, said.stderr) == (0, "")
    assert publish("sw/v1/beta/btn-17/event", "x", client_id="btn-17", **own).returncode != 0
    with psycopg.connect(database.owner, autocommit=True) as conn:
        stored = "SELECT value FROM reading JOIN device d ON d.id = device_id WHERE d.serial = 'btn-17'"
        eventually(lambda: conn.execute(stored).fetchall() == [(1.0,)])


def test_another_vendors_topic_is_refused_by_the_broker(site, publish):
    said = publish("sw/v1/acme/sos_button-0/event", '{"values": {"sos": 1}}')
    assert "Not authorized" in said.stdout + said.stderr
    time.sleep(0.5)
    assert site.sql("SELECT count(*) FROM reading") == [(0,)]
    assert site.sql("SELECT count(*) FROM dead_letter") == [(0,)]


def test_a_wrong_password_is_refused_by_the_broker(publish):
    assert publish("sw/v1/beta/btn-17/event", "x", password="wrong").returncode != 0


def test_garbage_is_in_the_vendors_rejected_list_with_a_reason_and_in_nobody_elses(site, publish):
    publish("sw/v1/beta/btn-17/event", "help!")
    beta, acme = site.login("vendor-beta"), site.login("vendor-acme")
    listed = eventually(lambda: beta.get("/api/v1/dead-letters").json()["items"])
    assert [(letter["topic"], letter["code"]) for letter in listed] == [("sw/v1/beta/btn-17/event", "not_json")]
    assert "JSON" in listed[0]["reason"]
    assert acme.get("/api/v1/dead-letters").json()["items"] == []
