"""Lanes take turns by messages and by bytes; what waits is counted in both."""

import threading
import time

from ingest.draft import Message
from ingest.mailbox import IN_TURN, TURN_BYTES, Mailbox


def put(lane, name, count, size=10):
    lane.put([Message(name, b"x" * size, 0) for _ in range(count)])


def turns(mailbox, count):
    return [[m.topic for m in mailbox.turn(time.monotonic(), gathering=True)] for _ in range(count)]


def test_a_lane_gives_way_after_its_turn():
    mailbox = Mailbox("test", threading.Event(), lull=0.001)
    put(mailbox.add(), "flood", 100)
    put(mailbox.add(), "quiet", 1)
    assert sorted(turns(mailbox, 2)) == [["flood"] * IN_TURN, ["quiet"]]


def test_a_lane_of_large_messages_gives_way_by_their_size():
    mailbox = Mailbox("test", threading.Event(), lull=0.001)
    flood, quiet = mailbox.add(), mailbox.add()
    put(flood, "flood", 100, TURN_BYTES)
    put(quiet, "quiet", 1)
    assert sorted(turns(mailbox, 2)) == [["flood"], ["quiet"]]
    assert (flood.size, quiet.size) == (99 * TURN_BYTES, 0)


def test_nothing_waits_past_the_stop_or_the_time():
    stop = threading.Event()
    mailbox = Mailbox("test", stop, lull=0.001)
    mailbox.add()
    assert mailbox.turn(time.monotonic() + 0.01, gathering=False) == []
    stop.set()
    assert mailbox.turn(time.monotonic() + 60, gathering=True) == []
