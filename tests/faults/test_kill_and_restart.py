"""Whatever dies comes back, and the account is even: what was acknowledged is stored once, each SOS raised once."""

import time

import pytest

from tests.faults.harness import account


def test_undisturbed_the_account_is_even(running):
    time.sleep(3)
    running.load.stop()
    account(running.site, running.load)
    assert running.load.acknowledged
    assert running.load.pressed


@pytest.mark.parametrize("name", ["ingest", "engine", "api"])
def test_a_program_killed_in_mid_load_loses_nothing(running, name):
    program = getattr(running, name)
    for _ in range(3):
        time.sleep(1)
        program.kill()
        time.sleep(0.3)
        program.start()
    time.sleep(1)
    running.load.stop()
    account(running.site, running.load)


def test_the_broker_restarted_in_mid_load_loses_nothing(running):
    time.sleep(2)
    running.site.broker.stop()
    time.sleep(1)
    running.site.broker.start()
    time.sleep(3)
    running.load.stop()
    account(running.site, running.load)


def test_the_database_stopped_for_ten_seconds_loses_nothing(running):
    time.sleep(2)
    running.site.postgres.stop()
    time.sleep(10)
    running.site.postgres.start()
    time.sleep(2)
    running.load.stop()
    account(running.site, running.load)
