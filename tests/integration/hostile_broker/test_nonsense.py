"""A broker that speaks nonsense is left, asked again at growing pauses, and heard as soon as it makes sense."""

import random
import time

import pytest

from ingest import mqtt
from tests.hostile_broker import CONNACK, PUBLISH, SUBSCRIBE, Manners, publish
from tests.waiting import eventually

GOOD = publish(b"sw/v1/acme/a/telemetry", b"1", 1, 1)
NONSENSE = {
    "a length of five bytes": b"\x30\xff\xff\xff\xff\x01", "a QoS of 3": publish(b"sw/v1/acme/a/event", b"", 3),
    "packet id 0": publish(b"sw/v1/acme/a/event", b"", 1, 0), "a topic longer than its packet": b"\x30\x05\x00\x09abc",
    "no topic": publish(b"", b"1"), "half a packet id": b"\x32\x04\x00\x01a\x00", "an empty PUBLISH": b"\x30\x00",
    "DISCONNECT": b"\xe0\x00", "a reserved packet": b"\xf0\x00", "CONNECT": b"\x10\x00",
    "a SUBACK of another protocol": b"\x90\x03\x00\x01\x07", "a PINGRESP with a body": b"\xd0\x01\x00",
    "a CONNACK cut short": b"\x20\x01\x00", "text": 4 * b"HTTP/1.1 400 Bad Request\r\n\r\n",
}  # fmt: skip
REFUSING = {
    "the connection": (Manners(greeting=b"\x20\x02\x00\x05"), "refuses the connection: Not authorized"),
    "the protocol": (Manners(greeting=b"\x20\x02\x00\x01"), "disconnected: Protocol error"),
    "the subscription": (Manners(granted=b"\x80"), "refuses a subscription: Unspecified error"),
    "to say what is granted": (Manners(granted=b""), "refuses a subscription: "),
}


def is_left_and_asked_again_at_growing_pauses(line):
    broker = line.broker
    broker.guest(3)
    at = [guest.at for guest in broker.guests]
    assert at[3] - at[2] > 2 * (at[1] - at[0]), "0.1 s, then 0.4 s"
    for guest in broker.guests[:3]:
        eventually(lambda guest=guest: guest.left)
    assert not line.connection.connected


def is_heard_again(line):
    before = len(line.broker.guests)
    line.broker.manners = Manners()
    line.broker.guest(before)
    line.guest().send(GOOD)
    assert line.take(1)[0].payload == b"1"
    assert line.connection.connected


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_the_end_of_the_connection_and_not_of_the_thread(plain, caplog, name):
    plain.broker.manners = Manners(after=NONSENSE[name])
    plain.start()
    is_left_and_asked_again_at_growing_pauses(plain)
    assert "lane: disconnected: Protocol error" in caplog.text
    assert "Traceback" not in caplog.text
    is_heard_again(plain)


def test_nonsense_that_waits_until_the_subscription_stands_makes_the_pause_grow_too(plain):
    plain.start()
    for number in range(4):
        plain.broker.guest(number).expect(SUBSCRIBE)
        eventually(lambda: plain.connection.connected)
        plain.broker.guests[number].send(NONSENSE["a QoS of 3"])
        eventually(lambda number=number: plain.broker.guests[number].left)
    at = [guest.at for guest in plain.broker.guests[:4]]
    assert at[3] - at[2] > 2 * (at[1] - at[0])
    is_heard_again(plain)


def test_a_connection_that_is_only_lost_is_soon_made_again_however_often(plain):
    plain.start()
    for number in range(5):
        plain.broker.guest(number).expect(SUBSCRIBE)
        eventually(lambda: plain.connection.connected)
        plain.broker.guests[number].close()
        eventually(lambda: not plain.connection.connected)
    at = [guest.at for guest in plain.broker.guests[:5]]
    assert at[4] - at[3] < 0.5, "0.1 s, where a growing pause would be 0.8 s"


@pytest.mark.parametrize("name", REFUSING)
def test_who_is_refused_asks_again_at_growing_pauses(plain, caplog, name):
    plain.broker.manners, words = REFUSING[name]
    plain.start()
    is_left_and_asked_again_at_growing_pauses(plain)
    assert words in caplog.text
    assert all(b"MQTT\x04" in guest.packets[0] for guest in plain.broker.guests), "never another protocol"
    is_heard_again(plain)


def test_a_second_greeting_changes_nothing(plain):
    guest = plain.start().guest()
    guest.send(GOOD + CONNACK + publish(b"sw/v1/acme/a/telemetry", b"2", 1, 2))
    plain.acknowledge(plain.take(2))
    eventually(lambda: guest.ids() == [1, 2])
    assert plain.connection.connected
    assert plain.connection.lost == 0


def test_no_bytes_end_the_thread(plain, monkeypatch, caplog):
    """Anything at all behind the greeting, a packet of each kind among it."""
    monkeypatch.setattr(mqtt, "RECONNECT_SECONDS", (0.001, 0.001))
    plain.connection._pause = 0.001
    plain.connection._client._keepalive = 2  # what looks like the beginning of a long packet is waited for
    chance = random.Random(20_260_726)
    plain.start()
    for number in range(100):
        body = chance.randbytes(chance.randrange(12))
        plain.broker.manners.after = bytes([chance.randrange(256), len(body)]) + body + chance.randbytes(20)
        guest = plain.broker.guest(number)
        time.sleep(0.005)
        guest.close()
    assert plain.connection.is_alive()
    assert "Traceback" not in caplog.text
    while plain.box.turn(0, gathering=False):
        pass
    is_heard_again(plain)
    assert not [packet for guest in plain.broker.guests for packet in guest.of(PUBLISH)]
