"""However a stream is cut, the messages are the same; what a packet costs does not depend on its pieces."""

import gc
import threading
import time

import pytest

from ingest import client
from tests.hostile_broker import PINGRESP, publish
from tests.waiting import eventually

MIXED = (
    publish(b"sw/v1/acme/a/telemetry", b"first", 1, 513)
    + PINGRESP
    + publish(b"sw/v1/acme/\xe6\xb5\x8b/status", b"", 0, retain=True)
    + publish(b"sw/v1/acme/b/telemetry", bytes(130), 2, 9)  # two bytes of length
)
EXPECTED = [
    ("sw/v1/acme/a/telemetry", b"first", False, 1, 513), ("sw/v1/acme/测/status", b"", True, 0, 0),
    ("sw/v1/acme/b/telemetry", bytes(130), False, 2, 9),
]  # fmt: skip


def seen(messages):
    return [(m.topic, m.payload, m.retained, m.qos, int.from_bytes(m.packet_id, "big")) for m in messages]


def test_packets_cut_at_every_byte_are_the_same_messages(line):
    guest = line.start().guest()
    for cut in range(1, len(MIXED)):
        guest.send(MIXED[:cut])
        time.sleep(0.004)  # until it is read
        guest.send(MIXED[cut:])
        assert seen(line.take(3)) == EXPECTED, f"cut at {cut}"
    assert line.connection.lost == 0


def test_packets_by_single_bytes_are_the_same_messages(line):
    """By TLS a record for each."""
    guest = line.start().guest()
    guest.send(20 * MIXED, 1)
    assert seen(line.take(60)) == 20 * EXPECTED


def test_many_packets_in_one_piece_are_the_same_messages(line):
    """By TLS a record holds 16 kB; a poll of the socket does not see what of it is decrypted already."""
    guest = line.start().guest()
    guest.send(2000 * MIXED)
    assert seen(line.take(6000)) == 2000 * EXPECTED


def test_what_stays_of_a_record_is_taken_without_waiting_for_another(line, monkeypatch):
    monkeypatch.setattr(client, "READ_BYTES", 64)  # of a record of 16 kB
    guest = line.start().guest()
    begin = time.monotonic()
    guest.send(16_000 // len(MIXED) * MIXED)
    line.take(3 * (16_000 // len(MIXED)))
    assert time.monotonic() - begin < 0.9, "less than a poll waits for"


def test_a_packet_of_20_mb_comes_whole_and_what_follows_it_too(line):
    guest = line.start().guest()
    guest.send(publish(b"sw/v1/acme/a/telemetry", 20_000_000 * b"x", 1, 5) + MIXED)
    large, *rest = line.take(4)
    assert (large.payload.count(b"x"), len(large.payload), large.packet_id) == (20_000_000, 20_000_000, b"\0\5")
    assert seen(rest) == EXPECTED


@pytest.mark.parametrize(("piece", "size", "seconds"), [(1, 200_000, 12), (1000, 20_000_000, 12)])
def test_a_packet_costs_the_cpu_in_small_pieces_that_it_costs_in_large_ones(
    plain, monkeypatch, piece, size, seconds
):  # fmt: skip
    """However fast it is sent, so much is read at once. An effort that grows with the square takes minutes."""
    monkeypatch.setattr(client, "READ_BYTES", piece)
    guest = plain.start().guest()
    before = plain.cpu()
    guest.send(publish(b"sw/v1/acme/a/telemetry", bytes(size), 1, 5))
    plain.take(1, 60)
    used = plain.cpu() - before
    print(f"{size} bytes in pieces of {piece}: {used:.2f} s of CPU")
    assert used < seconds


def test_a_connection_cut_in_mid_packet_gives_nothing_of_it_and_the_next_begins_afresh(line):
    line.start()
    for cut in range(1, len(MIXED), 17):
        guest = line.guest()
        guest.send(MIXED[:cut])
        guest.close(reset=cut % 2 == 0)
        guest.left = True
        line.guest().send(MIXED)
        came = seen(line.take(1))
        while came[-1] != EXPECTED[-1]:
            came += seen(line.take(1))
        assert came[-3:] == EXPECTED
        assert came[:-3] == EXPECTED[: len(came) - 3], "of the first what had come whole, or less"


def test_tls_that_is_ended_in_mid_packet_ends_the_connection(lined, certificate):
    with lined(*certificate) as line:
        guest = line.start().guest()
        guest.send(MIXED[:-1])
        guest.close_notify()
        eventually(lambda: line.connection.lost == 1)
        guest.left = True
        assert seen(line.take(2)) == EXPECTED[:2]
        line.guest().send(MIXED)
        assert seen(line.take(3)) == EXPECTED


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_broker_that_does_not_speak_tls_is_asked_again(lined, certificate, caplog):
    with lined(None, certificate[1]) as line:
        line.broker.manners.after = MIXED
        line.start()
        line.broker.guest(2)
        assert not line.connection.connected
    caplog.clear()  # its records hold the errors, and those the sockets that paho leaves to be collected
    gc.collect()


def test_a_flood_of_retained_messages_is_swept_and_acknowledged(plain):
    guest = plain.start().guest()
    topics = [f"sw/v1/acme/{number}/event" for number in range(9000)]  # below what waits at the most
    flood = b"".join(publish(one.encode(), b"x", 1, at + 1, retain=True) for at, one in enumerate(topics))
    sender = threading.Thread(target=guest.send, args=(flood.replace(b"/event", b"/evenT"),))
    sender.start()
    plain.acknowledge(plain.take(9000))
    sender.join()
    eventually(lambda: len(guest.of(3)) == 9000)
    eventually(lambda: len(guest.ids()) == 9000)
    assert all(packet[0] == 0x31 and packet.endswith(b"/evenT") for packet in guest.of(3))


def test_a_retained_message_that_nobody_may_publish_is_acknowledged_all_the_same(plain):
    guest = plain.start().guest()
    for packet_id, topic in enumerate((b"sw/v1/acme/#", b"sw/v1/+/x", 65_535 * b"\xff"), start=1):
        guest.send(publish(topic, b"x", 1, packet_id, retain=True))
    plain.acknowledge(plain.take(3))
    eventually(lambda: guest.ids() == [1, 2, 3])
    assert plain.connection.lost == 0
