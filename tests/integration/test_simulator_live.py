"""The simulator at a real broker with ingest behind it: Last Will, load, a button pressed."""

import json
import secrets
import threading
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import psycopg
import pytest
from typer.testing import CliRunner

from core.settings import Settings
from deploy import terminals
from deploy.broker import BrokerAdmin
from deploy.local.services import Broker
from device_sim import load
from device_sim.fleet import SimulatedFleet, write_csv
from device_sim.logins import Logins
from device_sim.logins import read as read_logins
from device_sim.publisher import Publisher
from device_sim.run import Simulation
from ingest.worker import run
from registry import store
from registry.register import read
from shouwang.cli import app
from tests.ports import a_port
from tests.programs import working
from tests.waiting import eventually

ZONE = ZoneInfo("Asia/Shanghai")
FLEET = SimulatedFleet.make(12, 5)
PASSWORDS = {vendor.code: f"password of {vendor.code}" for vendor in FLEET.vendors}


@pytest.fixture
def port(root, instance):
    """A broker that knows the fleet's vendors."""
    server = Broker(
        root, f"{instance}/{secrets.token_hex(4)}", a_port(), admin="admin", ingest="ingest", vendors=PASSWORDS
    )
    server.start()
    yield server.port
    server.stop()


@pytest.fixture
def query(database, port, tmp_path):
    """Ingest at that broker over a database in which the fleet is registered; asks the database."""
    with psycopg.connect(database.owner) as conn:
        for vendor in FLEET.vendors:
            store.write_vendor(conn, vendor.code, vendor.name, vendor.format)
        write_csv(FLEET, tmp_path / "fleet.csv")
        with (tmp_path / "fleet.csv").open(encoding="utf-8", newline="") as text:
            store.write_register(conn, read(text, store.vendor_codes(conn)))
    settings = Settings(database_url=database.url("ingest"), mqtt_port=port, mqtt_password="ingest")
    with working(run, settings), psycopg.connect(database.owner, autocommit=True) as conn:
        beat = "SELECT (detail->>'connected')::bool FROM heartbeat"
        eventually(lambda: conn.execute(beat).fetchone() == (True,))
        yield lambda statement: conn.execute(statement).fetchall()


ONLINE = (
    "SELECT value FROM reading r JOIN device d ON d.id = device_id JOIN metric m ON m.id = metric"
    " WHERE m.name = 'online' AND d.serial = '{}' ORDER BY ts"
)


def test_an_unplugged_home_terminal_is_offline_by_its_last_will_and_online_when_it_is_back(port, query):
    publisher = Publisher(FLEET, "127.0.0.1", port, Logins(PASSWORDS))
    terminal = FLEET.homes[3].device("gateway")
    online = ONLINE.format(terminal.serial)
    eventually(lambda: query(online) == [(1.0,)])
    publisher.unplug(terminal)
    eventually(lambda: query(online) == [(1.0,), (0.0,)])
    assert query(ONLINE.format(FLEET.homes[4].device("gateway").serial)) == [(1.0,)], "no other terminal is gone"
    publisher.plug(terminal)
    eventually(lambda: query(online)[-1] == (1.0,))
    publisher.close()


def test_a_home_terminal_with_an_account_of_its_own_uses_it(port, query, tmp_path):
    terminal = FLEET.homes[3].device("gateway")
    with BrokerAdmin("127.0.0.1", port, "admin") as admin:
        terminals.make(admin, [terminals.for_terminal(terminal.vendor, terminal.serial)], tmp_path / "logins.csv")
        for vendor in FLEET.vendors:  # whoever has no account of its own is cut off
            admin.command("setClientPassword", username=vendor.code, password="another")
    (tmp_path / "passwords.json").write_text(json.dumps(PASSWORDS))
    publisher = Publisher(FLEET, "127.0.0.1", port, read_logins(tmp_path / "passwords.json", tmp_path / "logins.csv"))
    eventually(lambda: query(ONLINE.format(terminal.serial)) == [(1.0,)])
    assert query("SELECT count(DISTINCT device_id) FROM reading") == [(1,)]
    publisher.close()


def test_the_incident_of_an_unplugged_terminal_breaks_its_connection_and_is_labelled(port, query, tmp_path):
    publisher = Publisher(FLEET, "127.0.0.1", port, Logins(PASSWORDS))
    stop, labels = threading.Event(), tmp_path / "labels.jsonl"
    simulation = Simulation(FLEET, publisher, ZONE, labels)
    thread = threading.Thread(target=simulation.run, args=(stop,), kwargs={"first": [("terminal_unplugged", "S0003")]})
    thread.start()
    eventually(lambda: (0.0,) in query(ONLINE.format(FLEET.homes[3].device("gateway").serial)))
    stop.set()
    thread.join()
    publisher.close()
    [label] = [json.loads(line) for line in labels.read_text(encoding="utf-8").splitlines()]
    assert (label["incident"], label["home"], label["expect"]) == ("terminal_unplugged", "S0003", ["device_silent"])
    assert abs(datetime.fromisoformat(label["at"]) - datetime.now(UTC)).total_seconds() < 60


def test_a_load_is_as_many_messages_a_second_as_asked_and_all_are_stored(port, query):
    publisher = Publisher(FLEET, "127.0.0.1", port, Logins(PASSWORDS), name="load")
    stop = threading.Event()
    thread = threading.Thread(target=load.run, args=(FLEET, publisher, ZONE, 200.0, stop))
    begin = time.monotonic()
    thread.start()
    time.sleep(3)
    stop.set()
    thread.join()
    rate = publisher.sent / (time.monotonic() - begin)
    eventually(lambda: publisher.waiting() == 0)
    devices = sum(len(home.devices) for home in FLEET.homes)
    received = "SELECT (detail->>'received')::int FROM heartbeat"
    eventually(lambda: query(received)[0][0] >= publisher.sent + devices)
    publisher.close()
    assert 100 < rate <= 210
    assert query("SELECT count(*) FROM dead_letter") == [(0,)]


def test_a_press_is_one_sos_of_that_home(port, query, tmp_path, monkeypatch):
    (tmp_path / "passwords.json").write_text(json.dumps(PASSWORDS))
    monkeypatch.setenv("SHOUWANG_VENDOR_PASSWORDS_FILE", str(tmp_path / "passwords.json"))
    monkeypatch.setenv("SHOUWANG_MQTT_PORT", str(port))
    done = CliRunner().invoke(app, ["simulate", "--homes", "12", "--seed", "5", "--press", "S0007"])
    assert done.exit_code == 0, done.output
    pressed = (
        "SELECT h.code FROM reading r JOIN device d ON d.id = device_id JOIN home h ON h.id = d.home_id"
        " JOIN metric m ON m.id = metric WHERE m.name = 'sos' AND value = 1"
    )
    eventually(lambda: query(pressed) == [("S0007",)])
