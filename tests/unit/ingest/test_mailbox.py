"""Lanes take turns by messages and by bytes; what waits is counted in both."""

import threading
import time

from ingest.draft import Message
from ingest.mailbox import IN_TURN, TURN_BYTES, Mailbox


def put(lane, name, count, size=10):
    for _ in range(count):
        lane.append(Message(name, b"x" * size, 0))
        lane.came += size


def order(mailbox, count):
    return [mailbox.next(time.monotonic(), gathering=True).topic for _ in range(count)]


def test_a_lane_gives_way_after_its_turn():
    mailbox = Mailbox("test", threading.Event(), lull=0.001)
    flood, quiet = mailbox.add(), mailbox.add()
    put(flood, "flood", 100)
    put(quiet, "quiet", 1)
    assert order(mailbox, IN_TURN + 1).index("quiet") == IN_TURN


def test_a_lane_of_large_messages_gives_way_by_their_size():
    mailbox = Mailbox("test", threading.Event(), lull=0.001)
    flood, quiet = mailbox.add(), mailbox.add()
    put(flood, "flood", 100, TURN_BYTES)
    put(quiet, "quiet", 1)
    assert order(mailbox, 2) == ["flood", "quiet"]
    assert (flood.size, quiet.size) == (99 * TURN_BYTES, 0)
