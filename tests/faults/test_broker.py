"""The broker goes away in every way there is; what it had acknowledged and kept is stored once and raised once."""

import signal
import time

import pytest

from tests.faults.harness import account, eventually, settle


def test_restarted_in_mid_load_it_loses_nothing(running):
    time.sleep(2)
    running.site.broker.stop()
    time.sleep(1)
    running.site.broker.start()
    settle(running)


def test_killed_with_a_saved_queue_it_loses_nothing_of_that(running):
    """Mosquitto saves its queue every few seconds, and on SIGUSR1 at once: see docs/reliability.md for what is lost."""
    running.ingest.stop()
    time.sleep(3)  # a queue builds up
    running.load.stop()
    process = running.site.broker.process
    process.send_signal(signal.SIGUSR1)
    time.sleep(1)
    process.kill()
    process.wait()
    running.site.broker.start()
    running.ingest.start()
    account(running.site, running.load)


def test_killed_under_load_it_comes_back_and_nothing_is_stored_or_raised_twice(running):
    time.sleep(3)
    running.site.broker.process.kill()
    running.site.broker.process.wait()
    running.site.broker.start()
    time.sleep(3)
    running.load.stop()
    eventually(running.connected)
    eventually(lambda: running.sql("SELECT count(*) = 0 FROM batch WHERE step IS NULL") == [(True,)])
    [(stored, distinct)] = running.sql(
        "SELECT count(*), count(DISTINCT (device_id, ts)) FROM reading JOIN metric ON metric.id = metric"
        " WHERE name = 'water_volume'"
    )
    lost = len(running.load.acknowledged) - stored
    assert stored == distinct
    assert 0 <= lost < 2 * running.load.rate, "no more than what was under way"
    assert running.sql("SELECT coalesce(max(count), 1) FROM alert WHERE rule = 'sos'") == [(1,)]


@pytest.mark.parametrize("size", [500, 20_000])
def test_connections_cut_after_some_bytes_lose_nothing(running, size):
    time.sleep(1)
    running.broker.cut_after = size
    running.broker.cut()
    time.sleep(6)
    assert running.broker.accepted > 10, "it was cut again and again"
    running.broker.cut_after = None
    running.broker.cut()
    settle(running)


def test_a_connection_that_is_accepted_but_never_answered_is_given_up(running):
    time.sleep(1)
    running.broker.stalled = True
    running.broker.cut()
    time.sleep(8)
    running.broker.stalled = False
    settle(running)


def test_a_half_open_connection_is_noticed_by_keepalive_and_replaced(running):
    """Nothing passes, nothing is closed: as when a router forgets the connection."""
    time.sleep(1)
    before = running.broker.accepted
    running.broker.stalled = True
    eventually(lambda: not running.connected(), 40)
    running.broker.stalled = False
    eventually(lambda: running.broker.accepted > before and running.connected(), 40)
    settle(running)
