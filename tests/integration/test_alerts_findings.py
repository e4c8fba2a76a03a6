"""Whatever is found and answered in whatever order, the row in the database is what the pure lifecycle says."""

import random
from datetime import UTC, datetime, timedelta

import psycopg

from alerts.lifecycle import states as lifecycle
from alerts.lifecycle.states import Alert, Answered, Due, EventKind, Found, Over, outcome, step
from alerts.response.desk import Action, AlertConflict, act, undo
from alerts.response.store import alerts as store
from core.model import Disposition, Severity, State
from tests.registry import seed

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
WALKS, STEPS = 60, 14
ROW = (
    "SELECT severity, state, count, cleared_at, suppressed_until, asks_since, handler_id, acknowledged_at,"
    " dispatched_at, resolved_at, resolved_by_id, disposition, suppressed_by FROM alert WHERE id = %s"
)


class Walk:
    """One alert in the database and beside it."""

    def __init__(self, number, dice, registry, engine, api):
        self.rule, self.dice, self.engine, self.api = f"walk{number}", dice, engine, api
        self.home, self.people = registry.homes[0], [registry.accounts["op1"], registry.accounts["op2"]]
        quiet = NOW + timedelta(seconds=8) if dice.random() < 0.4 else None
        self.alert = Alert(dice.choice(list(Severity)[1:]), quiet_until=quiet, asks_since=None if quiet else NOW)
        self.last = None  # (event, account, the alert before)
        [opened] = store.write_raises(engine, [self._record(self.alert.severity, 1, NOW, not quiet, quiet)])
        self.id = opened.alert_id

    def _record(self, severity, times, now, calls, quiet=None):
        return {
            "home_id": self.home, "rule": self.rule, "severity": severity, "occurred_at": now, "opened_at": now,
            "last_at": now, "count": times, "score": 1, "late": False, "evidence": {}, "episode_at": NOW,
            "suppressed_until": quiet, "asks_since": now if calls else None,
        }  # fmt: skip

    def turn(self, now):
        verdict = self.dice.choices([self._found, self._over, self._due, self._answer, self._undo], [4, 1, 1, 3, 2])[0]
        verdict(now)
        a = self.alert
        assert self.engine.execute(ROW, (self.id,)).fetchone() == (
            a.severity, a.state, a.count, a.cleared_at, a.quiet_until, a.asks_since, a.handler, a.acknowledged_at,
            a.dispatched_at, a.resolved_at, a.resolved_by, a.disposition, a.quiet_until and "goes_on",
        )  # fmt: skip

    def _found(self, now):
        dice = self.dice
        found = Found(dice.choice(list(Severity)), dice.randint(1, 3), *(dice.random() < 0.5 for _ in range(3)))
        done = step(self.alert, found, now)
        if done.events:
            calls = outcome(self.alert.open, found).asks
            store.write_raises(self.engine, [self._record(found.severity, found.times, now, calls)])
            self.alert = done.alert

    def _over(self, now):
        ends = self.dice.random() < 0.3
        done = step(self.alert, Over(ends), now)
        if EventKind.RESOLVED in done.events:
            assert store.write_ends(self.engine, [self.id], now, [self.rule] if ends else [])
            self.last = None
        elif done.events:
            assert store.write_closes(self.engine, [self.id], now)
        self.alert = done.alert

    def _due(self, now):
        done = step(self.alert, Due(), now)
        assert store.write_aloud(self.engine, [self.id] if done.events else [], now) == set(
            [self.id] * len(done.events)
        )
        self.alert = done.alert

    def _answer(self, now):
        dice = self.dice
        answer = Answered(dice.choice(list(Action)), dice.choice(self.people), Disposition.REAL, dice.random() < 0.5)
        done = step(self.alert, answer, now)
        try:
            act(
                self.api, self.id, answer.action, answer.account, now,
                disposition=answer.disposition, take_over=answer.take_over,
            )  # fmt: skip
        except AlertConflict:
            assert done.refused
            return
        assert not done.refused
        if answer.action is not Action.COMMENT:
            [event] = self.engine.execute("SELECT max(id) FROM alert_event").fetchone()
            self.last = (event, answer.account, self.alert)
        self.alert = done.alert

    def _undo(self, now):
        if self.last:
            event, account, before = self.last
            undo(self.api, self.id, event, account, now)
            self.alert, self.last = lifecycle.undo(self.alert, before, now), None


def test_the_database_does_what_the_pure_lifecycle_says_in_any_order(database):
    registry = seed(database.owner, homes=1, types=("sos_button",))
    with (
        psycopg.connect(database.url("engine"), autocommit=True) as engine,
        psycopg.connect(database.desk, autocommit=True) as api,
    ):
        seen = set()
        for number in range(WALKS):
            walk = Walk(number, random.Random(number), registry, engine, api)
            for turn in range(1, STEPS):
                walk.turn(NOW + timedelta(seconds=turn))
                seen.add((walk.alert.state, walk.alert.asks_since is None, walk.alert.quiet_until is None))
    assert {(State.DISPATCHED, False, True), (State.ACKNOWLEDGED, False, True), (State.OPEN, True, False)} <= seen
    assert {(State.OPEN, False, True), (State.RESOLVED, True, True)} <= seen
