"""What is acknowledged, when, and on which connection, whatever the broker does meanwhile; and how a worker leaves."""

import contextlib
import socket
import threading
import time

import pytest

from core import links
from ingest import mqtt
from tests.hostile_broker import (
    CONNECT,
    DISCONNECT,
    PINGREQ,
    PUBACK,
    PUBCOMP,
    PUBLISH,
    PUBREC,
    SUBSCRIBE,
    UNSUBSCRIBE,
    Manners,
    publish,
)
from tests.waiting import eventually

TOPIC = b"sw/v1/acme/a/telemetry"
MANY = 15_000  # acknowledgements of them do not fit into the buffers of both kernels


def narrow(line):
    """Let our kernel hold little of what the broker does not read."""

    def opened(_client, _data, sock):
        links.guard(sock)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)

    line.connection._client.on_socket_open = opened


def flood(guest, count=MANY, qos=1):
    guest.send(b"".join(publish(TOPIC, b"1", qos, packet_id) for packet_id in range(1, count + 1)))


@pytest.mark.parametrize("qos", [1, 2])
def test_a_message_is_acknowledged_when_it_is_stored_and_not_before(line, qos):
    guest = line.start().guest()
    guest.send(publish(TOPIC, b"1", qos, 513) + publish(TOPIC, b"2", 0))
    messages = line.take(2)
    time.sleep(0.5)
    assert not guest.of(PUBACK) + guest.of(PUBREC)
    line.acknowledge(messages)
    kind = PUBREC if qos == 2 else PUBACK
    assert guest.expect(kind) == [bytes([kind << 4]) + b"\x02\x02\x01"]
    if qos == 2:
        guest.send(b"\x62\x02\x02\x01")
        assert guest.expect(PUBCOMP) == [b"\x70\x02\x02\x01"]
    assert line.connection.outstanding == 0


def test_many_acknowledgements_leave_as_one_write(plain):
    guest = plain.start().guest()
    flood(guest, 900)
    messages = plain.take(900)
    guest.manners.reads = False
    time.sleep(0.1)
    plain.acknowledge(messages)
    time.sleep(0.3)
    found = guest.sock.recv(65536, socket.MSG_PEEK)
    assert found == b"".join(b"\x40\x02" + packet_id.to_bytes(2, "big") for packet_id in range(1, 901))
    guest.manners.reads = True


def test_a_broker_that_reads_late_gets_every_acknowledgement_whole(line, monkeypatch):
    """The PINGREQ that falls due meanwhile comes behind them or between them, never amid one."""
    monkeypatch.setattr(mqtt, "KEEPALIVE", 3)
    line.connection._client._keepalive = 3
    narrow(line)
    guest = line.start().guest()
    flood(guest)
    messages = line.take(MANY)
    guest.manners.reads = False
    time.sleep(0.1)
    line.acknowledge(messages[: MANY // 2])
    time.sleep(3.6)
    assert line.connection._client.unsent()
    assert line.connection._client.want_write(), "a PINGREQ waits"
    line.acknowledge(messages[MANY // 2 :])
    guest.manners.reads = True
    eventually(lambda: len(guest.ids()) >= MANY)
    guest.expect(PINGREQ)
    assert guest.ids() == list(range(1, MANY + 1))
    assert {packet[0] >> 4 for packet in guest.packets} == {CONNECT, SUBSCRIBE, UNSUBSCRIBE, PUBACK, PINGREQ}
    assert line.connection.lost == 0


def test_a_long_packet_of_ours_is_not_interrupted_by_acknowledgements(line):
    """The sweep of a retained message has its topic, which may be as long as the buffers of both kernels are."""
    narrow(line)
    guest = line.start().guest()
    topic = b"sw/v1/acme/" + 60_000 * b"x"
    guest.send(publish(topic, b"1", 1, 1, retain=True) + publish(TOPIC, b"2", 1, 2))
    retained, other = line.take(2)
    guest.manners.reads = False
    time.sleep(0.1)
    line.acknowledge([retained])
    time.sleep(0.2)
    line.acknowledge([other])
    time.sleep(0.2)
    guest.manners.reads = True
    eventually(lambda: sorted(guest.ids()) == [1, 2])
    assert guest.expect(PUBLISH) == [publish(topic, b"", 0, retain=True)]


def test_a_broker_that_reads_nothing_is_heard_all_the_same_for_as_long_as_it_may_be_slow(plain):
    narrow(plain)
    guest = plain.start().guest()
    flood(guest)
    messages = plain.take(MANY)
    guest.manners.reads = False
    plain.acknowledge(messages)
    time.sleep(0.5)
    assert plain.connection._client.unsent()
    guest.send(publish(b"sw/v1/acme/a/status", b"on", 1, 60_000))
    assert plain.take(1)[0].payload == b"on"
    guest.manners.reads = True


def test_a_broker_that_asks_and_reads_no_answers_does_not_fill_the_memory(plain):
    """PINGREQ is no packet for a broker to send, and paho answers it."""
    narrow(plain)
    guest = plain.start().guest()
    guest.manners.reads = False
    client = plain.connection._client

    def ask():
        with contextlib.suppress(OSError):
            guest.send(300_000 * b"\xc0\x00")

    sender = threading.Thread(target=ask)
    sender.start()
    eventually(client.overasked)
    time.sleep(1)
    assert len(client._out_packet) < 100_000, "two reads of the stream"
    guest.manners.reads = True
    eventually(lambda: len(guest.of(13)) == 300_000, 60)
    sender.join()


def test_what_waits_is_delivered_again_and_each_delivery_is_acknowledged(line):
    guest = line.start().guest()
    guest.send(publish(TOPIC, b"1", 1, 7))
    first = line.take(1)
    guest.send(publish(TOPIC, b"1", 1, 7, duplicate=True))
    again = line.take(1)
    line.acknowledge([*first, *again])
    assert guest.expect(PUBACK, 2) == 2 * [b"\x40\x02\x00\x07"]


def test_what_came_by_a_lost_connection_is_never_acknowledged_on_the_next(line):
    first = line.start().guest()
    first.send(publish(TOPIC, b"old", 1, 7))
    old = line.take(1)
    first.close(reset=True)
    first.left = True
    second = line.guest()
    second.send(publish(TOPIC, b"new", 1, 7))
    new = line.take(1)
    line.acknowledge(old)
    time.sleep(0.5)
    assert not second.of(PUBACK)
    assert not old[0].counts
    line.acknowledge(new)
    assert second.expect(PUBACK) == [b"\x40\x02\x00\x07"]


def test_acknowledgements_that_were_not_written_do_not_reach_the_next_connection(plain):
    narrow(plain)
    first = plain.start().guest()
    flood(first)
    messages = plain.take(MANY)
    first.manners.reads = False
    plain.acknowledge(messages)
    eventually(plain.connection._client.unsent)
    time.sleep(0.2)
    first.close(reset=True)
    first.left = True
    second = plain.guest()
    time.sleep(0.5)
    assert not second.of(PUBACK)
    assert plain.connection.outstanding == 0


@pytest.mark.parametrize("manners", [Manners(answers=False), Manners(greeting=b""), Manners(reads=False)])
def test_a_broker_that_falls_silent_is_left_within_twice_the_keepalive(line, manners):
    line.connection._client._keepalive = 2
    line.broker.manners = manners
    line.start()
    eventually(lambda: line.connection.lost, 5.5)  # and a second between two looks
    line.broker.manners = Manners()
    line.guest()
    eventually(lambda: line.connection.connected)


def test_a_broker_that_sends_and_sends_and_answers_no_ping_is_left_too(plain):
    plain.connection._client._keepalive = 2
    guest = plain.start().guest()
    guest.manners.answers = False
    until = time.monotonic() + 5.5
    while not guest.left:
        assert time.monotonic() < until
        guest.send(publish(TOPIC, b"1", 0))
        plain.box.turn(0, gathering=False)
        time.sleep(0.01)


def test_a_worker_leaves_with_its_acknowledgements_and_a_word(line):
    guest = line.start().guest()
    flood(guest, 3000)
    line.acknowledge(line.take(3000))
    assert line.stop() < 2
    eventually(lambda: guest.left)
    assert guest.ids() == list(range(1, 3001))
    assert guest.packets[-1][0] >> 4 == DISCONNECT


def test_a_worker_that_leaves_waits_a_little_for_a_broker_that_is_slow_to_read(line, monkeypatch):
    monkeypatch.setattr(mqtt, "LEAVING_SECONDS", 5.0)
    narrow(line)
    guest = line.start().guest()
    flood(guest)
    messages = line.take(MANY)
    guest.manners.reads = False
    time.sleep(0.1)
    line.acknowledge(messages)
    threading.Timer(0.4, setattr, (guest.manners, "reads", True)).start()
    line.stop()
    eventually(lambda: guest.left)
    assert guest.ids() == list(range(1, MANY + 1))
    assert guest.packets[-1][0] >> 4 == DISCONNECT


@pytest.mark.parametrize("count", [0, MANY])
def test_a_worker_leaves_within_seconds_while_the_broker_does_not_read(line, count):
    narrow(line)
    guest = line.start().guest()
    flood(guest, count)
    messages = line.take(count)
    guest.manners.reads = False
    line.acknowledge(messages)
    time.sleep(0.2)
    assert line.stop() < 3
    assert line.connection._client.socket() is None
    assert not line.connection.connected
    guest.manners.reads = True
    eventually(lambda: guest.left)


@pytest.mark.parametrize("greeting", [b"", b"\x20\x02\x00\x05"])
def test_a_session_that_cannot_be_ended_does_not_hold_up_whoever_ends_it(plain, monkeypatch, caplog, greeting):
    monkeypatch.setattr(mqtt, "FORGETTING_SECONDS", 1.0)
    plain.start().guest()
    plain.broker.manners.greeting = greeting
    assert plain.stop(forget=True) < 4
    assert "lane: its session stays at the broker" in caplog.text


def test_a_session_is_ended_by_a_clean_connection(plain, caplog):
    plain.start().guest()
    plain.stop(forget=True)
    assert plain.broker.guests[1].packets[0][9] & 2, "clean session"
    assert "stays at the broker" not in caplog.text


def test_what_is_stored_after_its_connection_has_stopped_hurts_nobody(plain):
    guest = plain.start().guest()
    guest.send(publish(TOPIC, b"1", 1, 7))
    messages = plain.take(1)
    plain.stop()
    plain.acknowledge(messages)
