"""Operators who act and take back at once while presses pour in: nothing is lost, and history explains every row."""

import random
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg

from alerts.judging.findings import Findings
from alerts.judging.fleet import Fleet
from alerts.lifecycle import states as lifecycle
from alerts.lifecycle.states import Alert, Answered, step
from alerts.response.desk import Action, AlertConflict, AlertNotFound, act, undo
from core.model import Disposition, Severity
from tests.engine_rig import SOS, Rule, pressed, running
from tests.waiting import eventually

SECONDS, OPERATORS = 4, 4
STANDS = "SELECT id FROM alert WHERE state <> 'resolved'"
ROW = (
    "SELECT id, state, handler_id, acknowledged_at, dispatched_at, resolved_at, resolved_by_id, disposition, asks_since"
    " FROM alert ORDER BY id"
)
EVENTS = "SELECT id, alert_id, kind, at, account_id, data FROM alert_event ORDER BY id"


def never_over(fleet: Fleet, now: int, params: None) -> Findings:
    return Findings.none(clear=np.zeros(len(fleet.home_ids), bool))


LEAK = Rule("leak", ("sos",), observe=pressed, tick=never_over)  # lasts: a press is only its repetition


def operate(database, account, until, seed):
    dice, taken = random.Random(seed), []
    with psycopg.connect(database.desk, autocommit=True) as conn:
        while time.monotonic() < until:
            now = datetime.now(UTC)
            with suppress(AlertConflict, AlertNotFound):
                if taken and dice.random() < 0.4:
                    undo(conn, *taken.pop(), account, now)
                elif found := conn.execute(STANDS).fetchall():
                    alert = dice.choice(found)[0]
                    action = dice.choice([Action.ACKNOWLEDGE, Action.DISPATCH, Action.RESOLVE])
                    act(conn, alert, action, account, now, disposition=Disposition.REAL, take_over=dice.random() < 0.7)
                    newest = conn.execute(
                        "SELECT max(id) FROM alert_event WHERE alert_id = %s AND account_id = %s", (alert, account)
                    ).fetchone()[0]
                    taken.append((alert, newest))


def replayed(events):
    """Every alert as its history tells, by the pure lifecycle."""
    alerts, before = {}, {}
    for number, alert, kind, at, account, data in events:
        if kind == "opened":
            alerts[alert] = Alert(Severity.EMERGENCY, asks_since=at)
        elif kind == "raised":
            found = lifecycle.Found(Severity.EMERGENCY, data["times"], goes_on=not data["asks"])
            alerts[alert] = step(alerts[alert], found, at).alert
        elif kind == "undone":
            alerts[alert] = lifecycle.undo(alerts[alert], before[data["event"]], at)
        else:
            action = {"acknowledged": Action.ACKNOWLEDGE, "dispatched": Action.DISPATCH, "resolved": Action.RESOLVE}[
                kind
            ]
            before[number] = alerts[alert]
            done = step(alerts[alert], Answered(action, account, Disposition.REAL, take_over=True), at)
            assert not done.refused, (alert, kind, done.reason)
            alerts[alert] = done.alert
    return alerts


def test_whatever_a_crowd_does_at_once_the_history_explains_and_no_press_is_lost(
    settings, database, registry, inbox, look
):
    accounts = [registry.accounts[name] for name in ("op1", "op2", "chief", "op1")]
    until, presses = time.monotonic() + SECONDS, 0
    with running(settings, SOS, LEAK):
        eventually(lambda: look("SELECT 1 FROM heartbeat WHERE process = 'engine/0'"))
        crowd = [
            threading.Thread(target=operate, args=(database, account, until, seed))
            for seed, account in enumerate(accounts)
        ]
        for thread in crowd:
            thread.start()
        begun = datetime.now(UTC)
        while time.monotonic() < until:
            inbox(
                presses % 2,
                "sos_button",
                "sos",
                (begun + timedelta(milliseconds=presses), 1),
                received=datetime.now(UTC),
            )
            presses += 1
            time.sleep(0.03)
        for thread in crowd:
            thread.join(20)
        eventually(lambda: look("SELECT count(*) FROM batch WHERE step IS NULL") == [(0,)])
    assert look("SELECT sum(count) FROM alert WHERE rule = 'sos'") == [(presses,)], "every press counts"
    told = replayed(look(EVENTS))
    for number, *row in look(ROW):
        one = told[number]
        assert tuple(row) == (
            one.state, one.handler, one.acknowledged_at, one.dispatched_at, one.resolved_at, one.resolved_by,
            one.disposition, one.asks_since,
        )  # fmt: skip
    kinds = [kind for _, _, kind, *_ in look(EVENTS)]
    print(presses, "presses,", {kind: kinds.count(kind) for kind in sorted(set(kinds))})
    assert kinds.count("undone") > 10
