"""How much one vendor may send: the size of a message, a flood of readings, a flood of garbage. Others feel nothing."""

import itertools
import re
import secrets
import threading
import time
from contextlib import contextmanager

import paho.mqtt.client as mqtt
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from alerts.selfcheck.program import run as run_self_check
from bench import load as raw
from core import canary
from core.settings import Settings
from deploy.local.services import Broker
from registry import canary_store
from tests.conftest import BrokerAccounts, RunningBroker
from tests.faults.harness import eventually
from tests.ingest_rig import Door, say, vendor
from tests.ports import a_port
from tests.programs import working
from tests.registry import seed

BIG = '{"values": {"battery": 50, "pad": "%s"}}'


@pytest.fixture
def door(database, broker):
    return Door(broker, database, seed(database.owner, homes=2))


def beta_button(door):
    """A button of the other vendor; its serial."""
    door.query(
        "UPDATE device SET vendor_id = (SELECT id FROM vendor WHERE code = 'beta')"
        " WHERE serial = 'sos_button-1' RETURNING id"
    )
    return "sos_button-1"


def pressed(door):
    return door.query(
        "SELECT count(*) FROM reading JOIN metric m ON m.id = metric JOIN device d ON d.id = device_id"
        " WHERE m.name = 'sos' AND d.serial = 'sos_button-1'"
    )[0][0]


def test_a_message_beyond_64_kb_is_a_letter_and_its_sender_stays_connected(door):
    topic = f"sw/v1/acme/{door.serial('sos_button')}/telemetry"
    with door.worker(), vendor(door.broker) as client:
        say(client, topic, BIG % ("x" * 100_000))
        say(client, topic, '{"values": {"battery": 50}}')
        eventually(lambda: door.letters() == [("too_large", 1, False)])
        eventually(lambda: len(door.query("SELECT 1 FROM reading")) == 1)
    [(size, reason)] = door.query("SELECT octet_length(payload), reason FROM dead_letter")
    assert size == 1024
    assert "65536" in reason


def test_a_message_beyond_the_brokers_limit_ends_its_own_connection_and_no_others(door):
    button = beta_button(door)
    ended = threading.Event()
    with door.worker(), vendor(door.broker, "beta") as other:
        huge = mqtt.Client(CallbackAPIVersion.VERSION2, "huge", protocol=mqtt.MQTTv311)
        huge.username_pw_set("acme", door.broker.accounts.vendors["acme"])
        huge.on_disconnect = lambda *_: ended.set()
        huge.connect("127.0.0.1", door.broker.port)
        huge.loop_start()
        huge.publish(f"sw/v1/acme/{door.serial('sos_button')}/telemetry", BIG % ("x" * 300_000), qos=1)
        assert ended.wait(10)
        for number in range(5):  # it connects and sends again, as a stubborn terminal does
            say(other, f"sw/v1/beta/{button}/event", f'[{{"n": "sos", "v": 1, "t": {time.time()}}}]')
            eventually(lambda number=number: pressed(door) == number + 1, 3)
        huge.loop_stop()
        huge.disconnect()
    assert door.letters() == [], "the broker took none of it"


@pytest.mark.parametrize("garbage", [b"garbage %d", b'{"values":{"sos":"%d"}}'], ids=["anything", "unreadable SOS"])
def test_a_flood_of_garbage_is_bounded_and_hides_no_emergency(door, garbage):
    button = beta_button(door)
    sock = raw.connect(door.broker.port, "acme", door.broker.accounts.vendors["acme"], "flood")
    messages = (
        (f"sw/v1/acme/{('sos_button-0', f'nobody-{number}')[number % 2]}/telemetry", garbage % number)
        for number in itertools.count()
    )
    with door.worker(vendor_letters=500), vendor(door.broker, "beta") as other:
        flood = threading.Thread(target=raw.Load(sock).run, args=(messages, 20_000, None))
        flood.start()
        waits = []
        for number in range(10):
            begin = time.monotonic()
            say(other, f"sw/v1/beta/{button}/event", f'[{{"n": "sos", "v": 1, "t": {time.time()}}}]')
            eventually(lambda number=number: pressed(door) == number + 1, 10)
            waits.append(time.monotonic() - begin)
        flood.join()
        eventually(lambda: sum(count for _, count, _ in door.letters()) == 20_000, 60)
    sock.close()
    letters = door.letters()
    most = 1000 if b"sos" in garbage else 500  # urgent ones have as many again of their own
    assert most <= len(letters) < most + 20, "whole ones, and a few that count the rest"
    assert max(waits) < 3, waits
    if b"sos" in garbage:
        [(cries, seconds)] = door.query(
            "SELECT count(*), max(extract(epoch FROM ts)) - min(extract(epoch FROM ts)) + 2 FROM reading r"
            " JOIN metric m ON m.id = r.metric WHERE m.name = 'unreadable'"
        )
        assert 1 <= cries <= seconds, "raised each second anew, not 10,000 times"
        assert any(urgent for _, _, urgent in letters), "and those of nobody's device stand on the desk"


def test_a_flood_of_readings_is_thinned_told_and_hides_no_emergency_of_its_own_vendor(door):
    sock = raw.connect(door.broker.port, "acme", door.broker.accounts.vendors["acme"], "flood")
    meter, button = door.serial("water_meter"), door.serial("sos_button")
    start = int(time.time() * 1000) - 60_000
    messages = (
        (f"sw/v1/acme/{button}/telemetry", b'{"ts":%d,"values":{"sos":1}}' % (start + number))
        if number % 1000 == 999
        else (f"sw/v1/acme/{meter}/telemetry", b'{"ts":%d,"values":{"water_volume":1}}' % (start + number))
        for number in itertools.count()
    )
    with door.worker(vendor_burst=2):
        raw.Load(sock).run(messages, 20_000, None)
        eventually(lambda: door.query("SELECT (detail->>'received')::int FROM heartbeat") == [(20_000,)], 60)
        eventually(lambda: door.notes().get("thinned", 0) > 5000, 10)
    sock.close()
    [(volumes,)] = door.query("SELECT count(*) FROM reading JOIN metric m ON m.id = metric WHERE name = 'water_volume'")
    [(presses,)] = door.query("SELECT count(*) FROM reading JOIN metric m ON m.id = metric WHERE name = 'sos'")
    assert presses == 20
    assert volumes + door.notes()["thinned"] == 19_980, "each is stored or told"
    assert volumes < 15_000


class SmallBroker(Broker):
    """A broker that keeps a megabyte for each absent session."""

    def prepare(self) -> None:
        super().prepare()
        config = self.home / "mosquitto.conf"
        text = re.sub(r"max_queued_bytes \d+", "max_queued_bytes 1000000", config.read_text())
        config.write_text(f"{text}\nsys_interval 1\n")


@contextmanager
def self_check(door):
    """The self-check, which waits for no signal: it only hears what the broker says of itself."""
    with psycopg.connect(door.database.owner) as conn:
        canary_store.install(conn)
    settings = Settings(
        database_url=door.database.url("canary"), mqtt_port=door.broker.port, mqtt_username=canary.VENDOR,
        mqtt_password=door.broker.accounts.vendors[canary.VENDOR], canary_late=600, broker_queue_bytes=1_000_000,
    )  # fmt: skip
    with working(run_self_check, settings):
        yield


def test_telemetry_that_fills_its_queue_takes_no_space_from_emergencies_and_is_told(root, instance, database):
    accounts = BrokerAccounts()
    accounts.vendors[canary.VENDOR] = secrets.token_urlsafe()
    told = "SELECT severity, cleared_at IS NULL FROM alert WHERE rule = 'self_check' AND evidence->>'link' = 'queue'"
    server = SmallBroker(
        root, f"{instance}/{secrets.token_hex(4)}", a_port(), admin=accounts.admin, ingest=accounts.ingest,
        vendors=accounts.vendors,
    )  # fmt: skip
    server.start()
    door = Door(RunningBroker(server, accounts), database, seed(database.owner, homes=1))
    try:
        with door.worker():
            pass  # its sessions are known from now on
        sock = raw.connect(server.port, "acme", accounts.vendors["acme"], "flood")
        meter, start = door.serial("water_meter"), int(time.time() * 1000) - 60_000
        with self_check(door):
            raw.Load(sock).run(
                ((f"sw/v1/acme/{meter}/telemetry", BIG.encode() % (b"x" * 1000)) for _ in itertools.count()), 5000, None
            )
            eventually(lambda: door.query(told) == [("emergency", True)])
        with vendor(door.broker) as client:
            for number in range(20):
                say(client, f"sw/v1/acme/{door.serial('sos_button')}/event",
                    f'{{"ts": {start + number}, "values": {{"sos": 1}}}}')  # fmt: skip
        sock.close()
        with door.worker():
            count = "SELECT count(*) FROM reading JOIN metric m ON m.id = metric WHERE name = "
            eventually(lambda: door.query(f"{count} 'sos'") == [(20,)])
            time.sleep(1)
            [(kept,)] = door.query(f"{count} 'battery'")
        assert 100 < kept < 2000, "of the telemetry what fits was kept"
    finally:
        server.stop()
