"""Whatever dies comes back, and the account is even: what was acknowledged is stored once, each SOS raised once."""

import random
import signal
import time

import pytest

from tests.faults.harness import settle
from tests.waiting import eventually

ROUNDS = 30


def test_undisturbed_the_account_is_even(running):
    time.sleep(3)
    settle(running)
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
    settle(running)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1])
def test_thirty_rounds_of_killing_and_terminating_at_random_lose_nothing(running, seed):
    """Singly and together, at random instants; half of the time by SIGTERM."""
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        time.sleep(chance.uniform(0.05, 1.0))
        victims = chance.sample([running.ingest, running.engine, running.api], chance.choice([1, 1, 2, 3]))
        for victim in victims:
            number = chance.choice([signal.SIGKILL, signal.SIGTERM])
            victim.send(number, wait=chance.random() < 0.5)
        time.sleep(chance.uniform(0, 0.5))
        for victim in victims:
            victim.stop()
            victim.start()
    settle(running)


def test_a_standby_judges_within_five_seconds_of_the_leaders_death(running):
    standby = running.program("engine", worker="standby")
    standby.start()
    eventually(lambda: "standing by" in standby.tail())
    running.engine.kill()
    [(killed,)] = running.sql("SELECT now()")
    judged = f"SELECT 1 FROM heartbeat WHERE process = 'engine/0' AND at > '{killed}'"
    eventually(lambda: running.sql(judged), 5)
    eventually(lambda: running.sql("SELECT count(*) < 5 FROM batch WHERE step IS NULL") == [(True,)], 5)
    settle(running)
