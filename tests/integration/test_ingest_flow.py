"""From a real broker into a real database: stored once, judged once, refused with a reason, nothing lost."""

import time

import paho.mqtt.client as mqtt
import psycopg
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from core.packed import Flag, unpack
from core.settings import Settings
from ingest.worker import run
from tests.ingest_rig import say, vendor
from tests.programs import working
from tests.registry import seed
from tests.waiting import eventually


@pytest.fixture
def registry(database):
    return seed(database.owner, homes=2)


@pytest.fixture
def settings(database, broker):
    return Settings(database_url=database.url("ingest"), mqtt_port=broker.port, mqtt_password=broker.accounts.ingest)


@pytest.fixture
def query(database):
    with psycopg.connect(database.owner, autocommit=True) as conn:
        yield lambda statement: conn.execute(statement).fetchall()


@pytest.fixture
def worker(settings, query, registry):
    with working(run, settings) as stop:
        eventually(lambda: query("SELECT 1 FROM heartbeat WHERE (detail->>'connected')::bool"))
        time.sleep(0.3)  # the subscriptions follow the connection
        yield stop


def test_a_reading_is_stored_and_handed_to_the_engine(worker, broker, registry, query):
    device, serial = registry.device(0, "climate_sensor")
    with vendor(broker) as client:
        say(client, f"sw/v1/acme/{serial}/telemetry", '{"values": {"temperature": 18.5, "humidity": 55}}')
    eventually(lambda: query("SELECT count(*) FROM reading")[0][0] == 2)
    [(shard, urgent, payload)] = query("SELECT shard, urgent, payload FROM batch")
    assert (shard, urgent) == (0, False)
    assert sorted(unpack(payload)["value"]) == [18.5, 55]
    assert set(unpack(payload)["device"]) == {device}


def test_a_repeated_message_is_stored_and_judged_once(worker, broker, registry, query):
    _, serial = registry.device(0, "climate_sensor")
    now = int(time.time() * 1000)
    with vendor(broker) as client:
        for extra in range(3):
            first = f'{{"ts": {now}, "values": {{"temperature": 18}}}}'
            other = f'{{"ts": {now + extra}, "values": {{"humidity": 50}}}}'
            say(client, f"sw/v1/acme/{serial}/telemetry", f"[{first}, {other}]")
            eventually(lambda extra=extra: query("SELECT count(*) FROM reading")[0][0] == 2 + extra)
    handed = [row for (payload,) in query("SELECT payload FROM batch") for row in unpack(payload)]
    assert len(handed) == 4


def test_an_emergency_is_handed_over_as_urgent(worker, broker, registry, query):
    _, serial = registry.device(0, "sos_button")
    with vendor(broker) as client:
        say(client, f"sw/v1/acme/{serial}/event", '{"values": {"sos": 1}}')
    [(urgent, payload)] = eventually(lambda: query("SELECT urgent, payload FROM batch"))
    assert urgent
    assert unpack(payload)["flags"][0] & Flag.URGENT


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ("{", "not_json"),
        ('{"values": {"temperature": 900}}', "implausible"),
        ('{"values": {"wind": 3}}', "unknown_metric"),
    ],
)
def test_what_is_wrong_is_kept_with_a_reason_and_the_raw_bytes(worker, broker, registry, query, payload, code):
    _, serial = registry.device(0, "climate_sensor")
    with vendor(broker) as client:
        say(client, f"sw/v1/acme/{serial}/telemetry", payload)
        say(client, f"sw/v1/acme/{serial}/telemetry", payload)
    eventually(lambda: query("SELECT count FROM dead_letter") == [(2,)])
    [(found, reason, raw)] = query("SELECT code, reason, payload FROM dead_letter")
    assert (found, raw) == (code, payload.encode())
    assert reason


def test_the_good_values_of_a_partly_bad_message_are_kept(worker, broker, registry, query):
    _, serial = registry.device(0, "climate_sensor")
    with vendor(broker) as client:
        say(client, f"sw/v1/acme/{serial}/telemetry", '{"values": {"temperature": 900, "humidity": 50}}')
    eventually(lambda: query("SELECT value FROM reading") == [(50.0,)])
    assert query("SELECT code FROM dead_letter") == [("implausible",)]


def test_an_unknown_device_is_quarantined_and_taken_once_registered(worker, broker, registry, query, database):
    with vendor(broker) as client:
        say(client, "sw/v1/acme/new-1/event", '{"values": {"sos": 1}}')
    eventually(lambda: query("SELECT 1 FROM dead_letter WHERE code = 'unknown_device'"))
    with psycopg.connect(database.url("registrar")) as conn:
        conn.execute(
            "INSERT INTO device (vendor_id, serial, type, home_id) VALUES (%s, 'new-1', 'sos_button', %s)",
            (registry.vendors["acme"], registry.homes[0]),
        )
    eventually(lambda: query("SELECT 1 FROM dead_letter WHERE replayed_at IS NOT NULL"))
    assert query("SELECT urgent FROM batch") == [(True,)]


def test_a_vendor_that_speaks_senml_is_understood(worker, broker, registry, query, database):
    with psycopg.connect(database.owner) as conn:
        conn.execute("UPDATE device SET vendor_id = %s WHERE serial = 'climate_sensor-1'", (registry.vendors["beta"],))
    with vendor(broker, "beta") as client:
        eventually(lambda: _sent_and_stored(client, query))
    assert query("SELECT DISTINCT value FROM reading") == [(20.0,)]


def _sent_and_stored(client, query):
    """Until the worker has heard of the moved device, its messages wait in quarantine."""
    say(client, "sw/v1/beta/climate_sensor-1/telemetry", '[{"n": "temperature", "u": "K", "v": 293.15}]')
    return query("SELECT 1 FROM reading")


def test_a_dead_connection_becomes_an_offline_reading(worker, broker, registry, query):
    _, serial = registry.device(0, "gateway")
    topic = f"sw/v1/acme/{serial}/status"
    with vendor(broker, will=topic) as client:
        say(client, topic, "online")
        eventually(lambda: query("SELECT value FROM reading") == [(1.0,)])
        client.disconnect(
            mqtt.ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message"), Properties(PacketTypes.DISCONNECT)
        )
    eventually(lambda: query("SELECT value FROM reading ORDER BY ts") == [(1.0,), (0.0,)])


def test_nothing_is_lost_while_the_database_drops_every_connection(worker, broker, registry, query):
    _, serial = registry.device(0, "water_meter")
    with vendor(broker) as client:
        for number in range(300):
            ts = int(time.time() * 1000) + number
            say(client, f"sw/v1/acme/{serial}/telemetry", f'{{"ts": {ts}, "values": {{"water_volume": {number}}}}}')
            if number % 100 == 50:
                query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ingest'")
    eventually(lambda: query("SELECT count(DISTINCT value), count(*) FROM reading") == [(300, 300)])


def test_nothing_is_lost_while_the_broker_restarts(worker, broker, registry, query):
    _, serial = registry.device(0, "water_meter")
    with vendor(broker) as client:
        for number in range(100):
            ts = int(time.time() * 1000) + number
            if number == 50:
                broker.server.stop()
                broker.server.start()
            message = client.publish(
                f"sw/v1/acme/{serial}/telemetry", f'{{"ts": {ts}, "values": {{"water_volume": {number}}}}}', qos=1
            )
        message.wait_for_publish(20)
        eventually(lambda: query("SELECT count(DISTINCT value), count(*) FROM reading") == [(100, 100)], 30)


def test_a_row_the_database_refuses_is_blamed_alone(settings, broker, registry, query, database):
    with psycopg.connect(database.owner) as conn:
        conn.execute("ALTER TABLE reading ADD CONSTRAINT test CHECK (value <> 13)")
    _, serial = registry.device(0, "water_meter")
    with vendor(broker) as client, working(run, settings):
        eventually(lambda: query("SELECT 1 FROM heartbeat WHERE (detail->>'connected')::bool"))
        for number in range(20):
            ts = int(time.time() * 1000) + number
            client.publish(
                f"sw/v1/acme/{serial}/telemetry",
                f'{{"ts": {ts}, "values": {{"water_volume": {number}, "battery": 50}}}}', qos=1,
            )  # fmt: skip
        eventually(lambda: query("SELECT count(*) FROM reading") == [(39,)])
    assert query("SELECT code, count FROM dead_letter") == [("refused_by_database", 1)]


def test_messages_that_arrive_while_no_worker_runs_wait_for_it(settings, broker, registry, query):
    _, serial = registry.device(0, "motion_sensor")
    with working(run, settings):
        eventually(lambda: query("SELECT 1 FROM heartbeat WHERE (detail->>'connected')::bool"))
        time.sleep(0.3)
    with vendor(broker) as client:
        for number in range(50):
            say(
                client,
                f"sw/v1/acme/{serial}/telemetry",
                f'{{"ts": {1000 * (int(time.time()) - number)}, "values": {{"motion": 1}}}}',
            )
    assert query("SELECT count(*) FROM reading") == [(0,)]
    with working(run, settings):
        eventually(lambda: query("SELECT count(*) FROM reading") == [(50,)])
