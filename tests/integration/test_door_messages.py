"""What arrives otherwise than it should: unacknowledged, retained, unreadable, misdirected, with a wrong clock."""

import time
from contextlib import contextmanager
from datetime import UTC, datetime

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from alerts.engine.program import run as engine
from core.packed import Flag, unpack
from core.settings import Settings
from tests.ingest_rig import Door, say, vendor
from tests.programs import working
from tests.registry import seed
from tests.waiting import eventually


@pytest.fixture
def door(database, broker):
    return Door(broker, database, seed(database.owner, homes=2))


@contextmanager
def judged(door):
    """The engine beside."""
    with working(engine, Settings(database_url=door.database.url("engine"))):
        yield


def alerts(door):
    return door.query("SELECT rule, state, count, late, home_id FROM alert WHERE rule <> 'device_silent' ORDER BY id")


def readings(door):
    return door.query("SELECT value, flags FROM reading ORDER BY ts")


def retained(door):
    """Topics on which the broker keeps a message."""
    found = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, "look", protocol=mqtt.MQTTv5)
    client.username_pw_set("ingest", door.broker.accounts.ingest)
    client.on_message = lambda _c, _d, message: found.append(message.topic) if message.retain else None
    client.connect("127.0.0.1", door.broker.port)
    client.subscribe("sw/v1/acme/#", 1)
    client.loop_start()
    time.sleep(0.7)
    client.disconnect()
    client.loop_stop()
    return sorted(found)


# -- without acknowledgement


def test_messages_without_acknowledgement_are_all_stored_and_disturb_nobody(door, caplog):
    topic = f"sw/v1/acme/{door.serial('water_meter')}/telemetry"
    button = f"sw/v1/acme/{door.serial('sos_button')}/event"
    base = int(time.time() * 1000)
    with door.worker(), vendor(door.broker) as client:
        for number in range(40):
            client.publish(topic, f'{{"ts": {base + number}, "values": {{"water_volume": {number}}}}}', qos=0)
            if number % 10 == 5:
                say(client, button, f'{{"ts": {base + number}, "values": {{"sos": 1}}}}')
            time.sleep(0.03)
        eventually(lambda: len(readings(door)) == 44, 10)
        eventually(lambda: door.notes().get("qos_0") == 40, 10)
        assert "disconnected" not in caplog.text
        assert "qos_0" in door.notes()
        [(serial,)] = door.query("SELECT serial FROM device_note n JOIN device d ON d.id = device_id")
        assert serial == door.serial("water_meter")


def test_messages_without_acknowledgement_wait_for_an_absent_worker(door):
    topic = f"sw/v1/acme/{door.serial('motion_sensor')}/telemetry"
    base = int(time.time() * 1000)
    with door.worker():
        pass
    with vendor(door.broker) as client:
        for number in range(20):
            client.publish(topic, f'{{"ts": {base - number}, "values": {{"motion": 1}}}}', qos=0)
        say(client, topic, '{"values": {"battery": 50}}')
    with door.worker():
        eventually(lambda: len(readings(door)) == 21)


# -- retained


def test_a_retained_emergency_that_was_stored_is_nothing_new_at_any_reconnection(door):
    topic = f"sw/v1/acme/{door.serial('sos_button')}/event"
    with vendor(door.broker) as client, judged(door):
        with door.worker():
            say(client, topic, '{"values": {"sos": 1}}', retain=True)
            eventually(lambda: len(alerts(door)) == 1)
        for _ in range(3):
            with door.worker():
                say(client, topic, '{"values": {"sos": 1}}', retain=True)  # kept by the broker again
                time.sleep(0.2)
        assert alerts(door)[0][:4] == ("sos", "open", 4, False), "four presses, and no copy of any"


def test_a_retained_emergency_that_nobody_stored_is_raised_once_and_marked_late(door):
    topic = f"sw/v1/acme/{door.serial('sos_button')}/event"
    with vendor(door.broker) as client:
        say(client, topic, '{"values": {"sos": 1}}', retain=True)  # no worker has ever been here
    with judged(door):
        for _ in range(3):
            with door.worker():
                eventually(lambda: alerts(door))
        assert [alert[:4] for alert in alerts(door)] == [("sos", "open", 1, True)]
    assert readings(door) == [(1.0, Flag.URGENT | Flag.LATE | Flag.RETAINED)]
    assert retained(door) == [], "what it said is stored: the broker need not keep it"


def test_a_retained_emergency_with_its_time_is_known_by_it(door):
    topic = f"sw/v1/acme/{door.serial('sos_button')}/event"
    ts = int(time.time() * 1000) - 3000
    with vendor(door.broker) as client:
        with door.worker():
            say(client, topic, f'{{"ts": {ts}, "values": {{"sos": 1}}}}', retain=True)
            eventually(lambda: readings(door))
        with door.worker():
            time.sleep(0.5)
            assert len(readings(door)) == 1


def test_a_retained_reading_is_no_sign_of_life_and_never_dated_now(door):
    bed = f"sw/v1/acme/{door.serial('bed_sensor')}/telemetry"
    ts = int(time.time() * 1000) - 60_000
    with vendor(door.broker) as client:
        say(client, f"sw/v1/acme/{door.serial('motion_sensor')}/telemetry", '{"values": {"motion": 1}}', retain=True)
        say(client, bed, f'{{"ts": {ts}, "values": {{"in_bed": 1, "heart_rate": 60}}}}', retain=True)
        say(client, f"sw/v1/acme/{door.serial('gateway')}/status", "online", retain=True)
    with judged(door), door.worker():
        eventually(lambda: len(readings(door)) == 3)
        eventually(lambda: door.query("SELECT count(*) FROM latest") == [(3,)])
        assert sorted(readings(door)) == [(1.0, 0), (1.0, Flag.RETAINED), (60.0, Flag.RETAINED)]
        assert door.query("SELECT * FROM life") == []
        assert eventually(lambda: door.notes().get("retained")) == 2
        eventually(lambda: retained(door) == [f"sw/v1/acme/{door.serial('gateway')}/status"])
    assert door.letters() == [], "our own sweeping is no message"


# -- two values of one second


def test_two_values_of_one_second_are_kept_and_the_later_is_the_latest(door):
    topic = f"sw/v1/acme/{door.serial('door_contact')}/telemetry"
    second = int(time.time()) * 1000

    def value(number):
        return f'{{"ts": {second}, "values": {{"door_open": {number}}}}}'

    with judged(door), door.worker(), vendor(door.broker) as client:
        for repeated in (1, 0, 1, 0, 0, 1):
            say(client, topic, value(repeated))
        eventually(lambda: len(readings(door)) == 2)
        time.sleep(0.5)
        assert [row[0] for row in readings(door)] == [1.0, 0.0]
        eventually(lambda: door.query("SELECT value FROM latest") == [(0.0,)])
        for payload in (f"[{value(0)}, {value(1)}]", f"[{value(1)}, {value(0)}]"):
            say(client, topic, payload)
        time.sleep(0.7)
        assert [row[0] for row in readings(door)] == [1.0, 0.0]
        assert door.query("SELECT value FROM latest") == [(0.0,)]


# -- unreadable emergencies


@pytest.mark.parametrize(
    ("kind", "payload", "value"),
    [
        ("gas_detector", '{"ts": %d, "values": {"gas": 40, "firmware": "1.2.0"}}', 40.0),
        ("sos_button", '{"ts": "half past three", "values": {"sos": 1}}', 1.0),
        ("sos_button", '{"ts": {"sec": %d}, "values": {"sos": 1, "note": null}}', 1.0),
    ],
)
def test_a_bad_field_or_time_does_not_refuse_the_emergency_beside_it(door, kind, payload, value):
    sent = payload.replace("%d", str(int(time.time() * 1000)))
    with judged(door), door.worker(), vendor(door.broker) as client:
        say(client, f"sw/v1/acme/{door.serial(kind)}/event", sent)
        eventually(lambda: alerts(door))
    assert [alert[0] for alert in alerts(door)] == ["gas" if kind == "gas_detector" else "sos"]
    assert [row[0] for row in readings(door)] == [value]
    if "half past" in sent:
        assert readings(door)[0][1] & Flag.CLOCK
    assert len(door.letters()) == 1, "and its vendor is told"


def test_an_emergency_that_cannot_be_read_raises_an_alert_of_its_own(door):
    serial = door.serial("sos_button", home=1)
    with judged(door), door.worker(), vendor(door.broker) as client:
        say(client, f"sw/v1/acme/{serial}/event", '{"values": {"sos": "pressed"}}')
        eventually(lambda: alerts(door) == [("unreadable", "open", 1, False, door.registry.homes[1])])
        time.sleep(1.1)  # within one second it would be taken for a flood
        say(client, f"sw/v1/acme/{serial}/Event", '{"values": {"sos": 1}}')
        eventually(lambda: alerts(door) == [("unreadable", "open", 2, False, door.registry.homes[1])])
        [(text,)] = door.query("SELECT evidence->>'text_zh' FROM alert WHERE rule = 'unreadable'")
    assert "无法识别" in text
    assert door.letters() == [("not_a_number", 1, False), ("bad_topic", 1, False)], "the letters are for the vendor"


# -- wrong topics and clocks


def test_wrong_topics_are_refused_with_a_reason_that_their_vendor_sees(door):
    topics = [
        "sos_button-0/Telemetry",
        "sos_button-0/telemetry/x",
        "telemetry",
        "sos_button-0/data",
        "with blank/status",
    ]
    with door.worker(), vendor(door.broker) as client:
        for topic in topics:
            say(client, f"sw/v1/acme/{topic}", '{"values": {"battery": 50}}')
        say(client, "sw/v1/acme", '{"values": {"battery": 50}}')
        eventually(lambda: len(door.letters()) == 6)
    assert {code for code, _, _ in door.letters()} == {"bad_topic", "bad_serial"}
    assert door.query("SELECT DISTINCT vendor_id FROM dead_letter") == [(door.registry.vendors["acme"],)]


def test_an_emergency_is_taken_once_though_both_lanes_hear_it(door):
    with door.worker(), vendor(door.broker) as client:
        for number in range(20):
            say(client, f"sw/v1/acme/{door.serial('sos_button')}/event", f'{{"values": {{"sos": {number % 2}}}}}')
        eventually(lambda: door.query("SELECT (detail->>'stored')::int FROM heartbeat") == [(20,)])
    assert len(readings(door)) == 20


@pytest.mark.parametrize(
    ("offset", "scale", "code"),
    [(0, 1, "clock_seconds"), (600, 1000, "clock_ahead"), (-8 * 86_400, 1000, "clock_behind")],
)
def test_a_clock_that_is_not_believed_is_told_to_the_vendor(door, offset, scale, code):
    ts = int((time.time() + offset) * scale)
    with door.worker(), vendor(door.broker) as client:
        for _ in range(3):
            say(client, f"sw/v1/acme/{door.serial('climate_sensor')}/telemetry",
                f'{{"ts": {ts}, "values": {{"temperature": 20}}}}')  # fmt: skip
        eventually(lambda: door.notes() == {code: 3})
    assert {row[1] for row in readings(door)} == {Flag.CLOCK}
    [(seconds,)] = door.query("SELECT max(abs(extract(epoch FROM ts - now()))) FROM reading")
    assert seconds < 30, f"stored at the time of receipt, {datetime.now(UTC)}"


def test_the_engine_gets_both_values_of_an_instant_in_their_order(door):
    values = ", ".join(f'{{"ts": {int(time.time()) * 1000}, "values": {{"door_open": {n}}}}}' for n in (1, 0))
    with door.worker(), vendor(door.broker) as client:
        say(client, f"sw/v1/acme/{door.serial('door_contact')}/telemetry", f"[{values}]")
        eventually(lambda: len(readings(door)) == 2)
    rows = [row for (payload,) in door.query("SELECT payload FROM batch") for row in unpack(payload)]
    assert [row["value"] for row in rows] == [1.0, 0.0]
    assert rows[1]["ts"] - rows[0]["ts"] == 1
