"""Lanes take turns by messages and by bytes; what waits is counted in both."""

import threading
import time

import pytest

from ingest.draft import Message
from ingest.mailbox import ENOUGH, IN_TURN, TURN_BYTES, Bell, LaneQueue, Mailbox

A_WHILE = 30  # seconds that no test takes


@pytest.fixture
def stop():
    return threading.Event()


@pytest.fixture
def mailbox(stop):
    return Mailbox("test", stop, lull=0.001)


def put(lane, name, count, size=10):
    lane.put([Message(name, b"x" * size, 0) for _ in range(count)])


def turns(mailbox, count):
    return [[m.topic for m in mailbox.turn(time.monotonic(), gathering=True)] for _ in range(count)]


def test_a_lane_gives_way_after_its_turn(mailbox):
    put(mailbox.add(), "flood", 100)
    put(mailbox.add(), "quiet", 1)
    assert sorted(turns(mailbox, 2)) == [["flood"] * IN_TURN, ["quiet"]]


def test_a_lane_of_large_messages_gives_way_by_their_size(mailbox):
    flood, quiet = mailbox.add(), mailbox.add()
    put(flood, "flood", 100, TURN_BYTES)
    put(quiet, "quiet", 1)
    assert sorted(turns(mailbox, 2)) == [["flood"], ["quiet"]]
    assert (flood.size, quiet.size) == (99 * TURN_BYTES, 0)


def test_nothing_waits_past_the_stop_or_the_time(mailbox, stop):
    mailbox.add()
    assert mailbox.turn(time.monotonic() + 0.01, gathering=False) == []
    stop.set()
    assert mailbox.turn(time.monotonic() + A_WHILE, gathering=True) == []


def test_a_flood_of_twenty_lanes_keeps_no_quiet_one_waiting_for_more_than_a_round(mailbox):
    for number in range(20):
        put(mailbox.add(), f"flood-{number}", 1000)
    put(mailbox.add(), "quiet", 1)
    assert ["quiet"] in turns(mailbox, 21)


def test_what_comes_keeps_its_order_and_all_of_it_is_counted(mailbox):
    lane = mailbox.add()
    lane.put([Message(str(number), b"xx", 0) for number in range(3 * IN_TURN + 1)])
    assert (len(mailbox), lane.size) == (3 * IN_TURN + 1, 2 * (3 * IN_TURN + 1))
    taken = [topic for turn in turns(mailbox, 4) for topic in turn]
    assert taken == [str(number) for number in range(3 * IN_TURN + 1)]
    assert (len(mailbox), lane.size, lane.turn()) == (0, 0, [])


def test_a_closed_lane_is_gone_once_it_is_empty_and_not_before(mailbox):
    closed = mailbox.add()
    put(closed, "last words", 1)
    closed.closed = True
    mailbox.add()
    assert turns(mailbox, 1) == [["last words"]]
    mailbox.add()
    put(closed, "nobody looks any more", 1)
    assert mailbox.turn(time.monotonic(), gathering=True) == []


def test_a_message_wakes_a_gatherer_that_has_nothing_long_before_its_time_is_up(mailbox):
    lane = mailbox.add()
    threading.Timer(0.02, put, (lane, "sos", 1)).start()
    begun = time.monotonic()
    assert [one.topic for one in mailbox.turn(begun + A_WHILE, gathering=False)] == ["sos"]
    assert time.monotonic() - begun < A_WHILE / 2


def test_a_gatherer_in_a_lull_is_woken_by_many_and_not_by_each():
    bell = Bell()
    lane = LaneQueue(bell)
    bell.arm(ENOUGH)
    put(lane, "some", ENOUGH - 1)
    assert not bell.event.is_set()
    put(lane, "one more", 1)
    assert bell.event.is_set()


def test_two_threads_that_add_and_take_at_once_lose_nothing(mailbox):
    lanes = [mailbox.add() for _ in range(2)]

    def fill(lane):
        for _ in range(200):
            put(lane, "m", 7)

    threads = [threading.Thread(target=fill, args=(lane,)) for lane in lanes]
    for thread in threads:
        thread.start()
    taken = 0
    while taken < 2 * 200 * 7:
        turn = mailbox.turn(time.monotonic() + A_WHILE, gathering=False)
        assert turn, "what was put was not found"
        taken += len(turn)
    for thread in threads:
        thread.join()
    assert (taken, len(mailbox)) == (2 * 200 * 7, 0)
