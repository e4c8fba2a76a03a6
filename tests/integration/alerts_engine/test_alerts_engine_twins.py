"""Two homes live the same life, one under an engine that runs on, one under a new engine at every step: same alerts."""

import random
from datetime import timedelta

import numpy as np
import psycopg
import pytest

from alerts.engine.steps import Steps
from alerts.lifecycle.backoff import Backoff
from alerts.response.desk import Action, act, undo
from core.catalogue import metrics
from core.model import Disposition
from core.packed import READING, pack
from tests.engine_rig import NOW, Rule, judge_all, too_cold, us

RULE = Rule("cold", ("temperature",), tick=too_cold(), clear_after=timedelta(), backoff=Backoff())
DEGREES = (*[9] * 14, 4, 11, 13)  # found, found as an emergency, neither found nor clear, clear
MINUTES = (1, 10, 29, 31, 125, 500, 3 * 1440, 8 * 1440)
STANDS = "SELECT id, state, suppressed_by FROM alert WHERE state <> 'resolved' AND home_id = %s"
ANSWERS = (Disposition.REAL, Disposition.FALSE_ALARM, Disposition.DEVICE_FAULT)


@pytest.fixture
def twins(settings, registry, inbox, look):
    """(home id, device id, settings of its shard), two of them."""
    both = []
    for number in (0, 1):
        home = registry.homes[number]
        shard = settings.model_copy(update={"shards": 2, "shard": home % 2})
        both.append((home, registry.device(number, "climate_sensor")[0], shard))
    assert {shard.shard for *_, shard in both} == {0, 1}
    return both


def say(conn, shard, device, moment, degrees):
    row = np.array([(us(moment), device, metrics()["temperature"].id, 0, degrees)], READING)
    conn.execute(
        "INSERT INTO batch (shard, received_at, urgent, rows, payload) VALUES (%s, %s, false, 1, %s)",
        (shard, moment, pack(row)),
    )


def history(look, home):
    return look(
        "SELECT e.at, kind, data->>'reason', severity, steps, answered, episode_at, suppressed_until, opened_at"
        " FROM alert_event e JOIN alert a ON a.id = alert_id WHERE home_id = %s AND account_id IS NULL ORDER BY e.id",
        home,
    )


@pytest.mark.parametrize("seed", range(4))
def test_an_engine_that_is_new_at_every_step_raises_what_one_that_runs_on_does(twins, registry, database, look, seed):
    dice, now = random.Random(seed), NOW
    (steady_home, _, steady), (fresh_home, _, fresh) = twins
    rules = {RULE.name: RULE}
    with (
        psycopg.connect(database.url("engine"), autocommit=True) as one,
        psycopg.connect(database.url("engine"), autocommit=True) as other,
        psycopg.connect(database.url("ingest"), autocommit=True) as ingest,
        psycopg.connect(database.desk, autocommit=True) as api,
    ):
        running = Steps(one, steady, rules, now)
        for _ in range(100):
            now += timedelta(minutes=dice.choice(MINUTES))
            degrees, disposition = dice.choice(DEGREES), dice.choice(ANSWERS)
            action = dice.choices([None, Action.RESOLVE, Action.ACKNOWLEDGE], [2, 5, 1])[0]
            leave = dice.random() < 0.9  # what is only shown is mostly left alone
            back, heard = dice.random() < 0.3, dice.random() < 0.5  # taken back, perhaps after the engine heard of it
            for home, device, settings in twins:
                say(ingest, settings.shard, device, now, degrees)
                watch = running if settings is steady else Steps(other, fresh, rules, now)
                judge_all(watch, now)
                watch.tick(now)
                watch.write_all_latest()
                for alert, state, quiet in look(STANDS, home):
                    if action and not (quiet and leave) and (action is Action.RESOLVE or state == "open"):
                        act(api, alert, action, registry.accounts["op1"], now, disposition=disposition)
                        if back and heard:
                            watch.tick(now)
                        if back:
                            [[step]] = look("SELECT max(id) FROM alert_event WHERE alert_id = %s", alert)
                            undo(api, alert, step, registry.accounts["op1"], now)
            assert history(look, steady_home) == history(look, fresh_home)
    told = [kind for _, kind, *_ in history(look, steady_home)]
    assert {"opened", "cleared", "suppressed", "unsuppressed"} <= set(told), "the walk has been up there"
