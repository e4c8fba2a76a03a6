"""Who gets which frame: those of the own area and of all, in order, and one that is too slow comes back."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.errors import ApiError
from api.events.feed import QUEUE, WAKE, Feed, Frame, Subscriber, canary_frame, within
from api.health.metrics import Meter
from core.settings import Settings


@pytest.mark.parametrize(
    ("path", "scope", "inside"),
    [
        ("qu", "qu", True), ("qu.zhen.cun", "qu", True), ("qu.zhen", "qu.zhen", True), ("qu", "qu.zhen", False),
        ("qu2", "qu", False), ("qu.zhen2.cun", "qu.zhen", False), ("other", "qu", False),
    ],
)  # fmt: skip
def test_an_area_lies_in_another_by_whole_names(path, scope, inside):
    assert within(path, scope) is inside


def frame(number, path="qu"):
    return Frame(number, path, b"data: %d\n\n" % number)


def waiting(subscriber):
    return [subscriber.queue.get_nowait().id for _ in range(subscriber.queue.qsize())]


def test_a_desk_gets_its_own_area_and_what_is_for_all_in_order():
    desk = Subscriber(1, "qu.zhen")
    for one in (frame(1, "qu.zhen.cun"), frame(2, "qu"), frame(3, None), frame(4, "qu.other"), frame(5, "qu.zhen")):
        assert desk.push(one)
    assert waiting(desk) == [1, 3, 5]


def test_one_that_does_not_read_is_ended_and_never_left_with_a_gap():
    desk = Subscriber(1, "qu")
    assert all(desk.push(frame(number)) for number in range(QUEUE))
    assert not desk.push(frame(QUEUE))
    assert desk.over
    assert desk.push(frame(QUEUE + 1)), "it is over: nothing more is handed to it, and nobody is told twice"
    assert waiting(desk) == list(range(QUEUE))


def test_a_stream_that_waits_looks_up_when_its_session_is_doubted_or_it_ends():
    desk = Subscriber(1, "qu")
    desk.doubt()
    desk.doubt()
    assert (desk.doubted, desk.queue.qsize(), desk.queue.get_nowait()) == (True, 1, WAKE)
    desk.end()
    assert (desk.over, desk.queue.get_nowait()) == (True, WAKE)


def test_the_self_checks_signal_is_told_by_when_it_was_sent():
    assert canary_frame("1764000000000000") == (0, None, b'event: canary\ndata: {"ts": 1764000000000000}\n\n')


def on_a_loop(story):
    async def run():
        settings = Settings(database_url="postgresql://", streams=3, streams_per_account=2)
        feed = Feed(settings, Meter())
        await story(feed)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result()


def test_streams_are_bounded_in_all_and_by_account_and_one_that_ends_makes_room():
    async def story(feed):
        first, _ = feed.subscribe(1, "qu"), feed.subscribe(1, "qu")
        with pytest.raises(ApiError) as own:
            feed.subscribe(1, "qu")
        feed.subscribe(2, "qu")
        with pytest.raises(ApiError) as all_of_them:
            feed.subscribe(3, "qu")
        assert (own.value.status, all_of_them.value.status) == (429, 503)
        assert own.value.headers == all_of_them.value.headers == {"Retry-After": "5"}
        feed.unsubscribe(first)
        feed.subscribe(3, "qu")

    on_a_loop(story)


def test_what_is_published_from_any_thread_reaches_every_desk():
    async def story(feed):
        desks = [feed.subscribe(account, "qu") for account in (1, 2)]
        await asyncio.to_thread(feed.publish, [frame(1), frame(2)])
        assert [[(await desk.queue.get()).id for _ in range(2)] for desk in desks] == [[1, 2], [1, 2]]

    on_a_loop(story)


def test_when_the_feed_closes_every_stream_ends_and_a_late_one_at_once():
    async def story(feed):
        desk = feed.subscribe(1, "qu")
        await asyncio.to_thread(feed.close)
        await desk.queue.get()
        assert desk.over
        assert feed.subscribe(2, "qu").over

    on_a_loop(story)
