"""What was taken back is to the engine as if it had never been: the same engine, and one that was started since."""

from dataclasses import fields
from datetime import timedelta

import numpy as np
import psycopg
import pytest

from alerts.lifecycle.backoff import Backoff
from alerts.response.desk import Action, UndoRefused, act, undo
from core.model import Disposition
from tests.engine_rig import COLD, MINUTE, NOW, SOS, Rule, judge_all, kinds, too_cold, watching

LADDER = Rule("cold", ("temperature",), tick=too_cold(), backoff=Backoff())
SECOND = timedelta(seconds=1)
STANDS = "SELECT id, state, severity, count, cleared_at, asks_since FROM alert ORDER BY id DESC LIMIT 1"
ASKS = "SELECT asks_since FROM alert ORDER BY id DESC LIMIT 1"


@pytest.fixture
def desk(database, registry, look):
    class Desk:
        """One operator."""

        def do(self, action, at, disposition=Disposition.REAL):
            [[alert, *_]] = look(STANDS)
            with psycopg.connect(database.desk, autocommit=True) as api:
                act(api, alert, action, registry.accounts["op1"], at, disposition=disposition)
            self.step = look("SELECT max(id) FROM alert_event WHERE account_id IS NOT NULL")[0][0]
            self.alert = alert

        def undo(self, at):
            with psycopg.connect(database.desk, autocommit=True) as api:
                undo(api, self.alert, self.step, registry.accounts["op1"], at)

    return Desk()


def memory(watch, rule="cold"):
    """All that the engine keeps of a rule's alerts, but for what only a restart forgets."""
    docket = watch.judge.dockets[rule]
    kept = {}
    for field in fields(docket):
        value = getattr(docket, field.name)
        if field.name == "told":
            kept["told"] = sorted(zip(value.home.tolist(), value.device.tolist(), value.alert.tolist(), strict=True))
        elif field.name not in ("last", "clear_since"):
            kept[field.name] = repr(value.tolist()) if isinstance(value, np.ndarray) else value  # a NaN equals itself
    return kept


@pytest.mark.parametrize("restart", [False, True], ids=["one engine", "restarted between"])
@pytest.mark.parametrize("answers", [0, 2], ids=["first answer", "third answer"])
@pytest.mark.parametrize("disposition", [Disposition.REAL, Disposition.FALSE_ALARM])
def test_an_end_that_is_taken_back_leaves_ladder_and_memory_as_they_were(
    settings, inbox, look, desk, restart, answers, disposition
):
    now = NOW
    with watching(settings, LADDER) as watch:
        inbox(0, "climate_sensor", "temperature", (NOW, 9))
        for pause in (0, 40, 130)[: answers + 1]:
            now += pause * MINUTE
            judge_all(watch, now)
            watch.tick(now)
            if pause < (0, 40, 130)[answers]:
                desk.do(Action.RESOLVE, now + 10 * MINUTE)
        watch.write_all_latest()
        before, row = memory(watch), look(STANDS)
        desk.do(Action.RESOLVE, now + MINUTE, disposition)
        watch.tick(now + MINUTE + SECOND)
        assert memory(watch) != before
        if restart:
            with watching(settings, LADDER, now=now + MINUTE) as fresh:
                desk.undo(now + MINUTE + 2 * SECOND)
                fresh.tick(now + MINUTE + 3 * SECOND)
                assert memory(fresh) == before
            with watching(settings, LADDER, now=now + MINUTE) as fresh:
                assert memory(fresh) == before
                told = kinds(look)
                fresh.tick(now + 60 * MINUTE)
        else:
            desk.undo(now + MINUTE + 2 * SECOND)
            watch.tick(now + MINUTE + 3 * SECOND)
            assert memory(watch) == before
            told = kinds(look)
            watch.tick(now + 60 * MINUTE)
    assert (look(STANDS), kinds(look)) == (row, told), "it stands as it did, and is not raised a second time"


def test_a_press_after_an_end_that_was_taken_back_is_added_and_asks(settings, inbox, look, desk):
    with watching(settings, SOS) as watch:
        inbox(0, "sos_button", "sos", (NOW, 1))
        judge_all(watch, NOW)
        desk.do(Action.ACKNOWLEDGE, NOW)
        desk.do(Action.RESOLVE, NOW + SECOND)
        watch.tick(NOW + SECOND)
        desk.undo(NOW + 2 * SECOND)
        assert look(ASKS) == [(None,)]
        inbox(0, "sos_button", "sos", (NOW + MINUTE, 1))
        judge_all(watch, NOW + MINUTE)
    assert look(ASKS) == [(NOW + MINUTE,)]
    assert kinds(look) == ["opened", "acknowledged", "resolved", "undone", "raised"]


def test_a_press_that_opened_a_new_alert_keeps_the_old_one_closed(settings, inbox, look, desk):
    with watching(settings, SOS) as watch:
        inbox(0, "sos_button", "sos", (NOW, 1))
        judge_all(watch, NOW)
        desk.do(Action.RESOLVE, NOW)
        inbox(0, "sos_button", "sos", (NOW + SECOND, 1))
        judge_all(watch, NOW + SECOND)
        with pytest.raises(UndoRefused, match="open"):
            desk.undo(NOW + 2 * SECOND)
    assert look(ASKS) == [(NOW + SECOND,)]


def test_what_was_over_between_an_end_and_its_undoing_is_over_and_waits_for_a_person(settings, inbox, look, desk):
    with watching(settings, Rule("cold", COLD.metrics, tick=COLD.tick, clear_after=timedelta())) as watch:
        inbox(0, "climate_sensor", "temperature", (NOW, 9))
        judge_all(watch, NOW)
        watch.tick(NOW)
        desk.do(Action.RESOLVE, NOW)
        inbox(0, "climate_sensor", "temperature", (NOW + SECOND, 20))
        judge_all(watch, NOW + SECOND)
        watch.tick(NOW + SECOND)
        desk.undo(NOW + 2 * SECOND)
        watch.tick(NOW + 3 * SECOND)
        assert look(STANDS)[0][1:] == ("open", "urgent", 1, NOW + SECOND, NOW)
        inbox(0, "climate_sensor", "temperature", (NOW + MINUTE, 9))
        judge_all(watch, NOW + MINUTE)
        watch.tick(NOW + MINUTE)
    assert kinds(look) == ["opened", "resolved", "cleared", "undone", "returned"]


def test_what_ends_with_its_condition_does_so_though_its_end_was_taken_back_after_that(settings, inbox, look, desk):
    rule = Rule("cold", COLD.metrics, tick=COLD.tick, clear_after=timedelta(), recovers=True)
    with watching(settings, rule) as watch:
        inbox(0, "climate_sensor", "temperature", (NOW, 9))
        judge_all(watch, NOW)
        watch.tick(NOW)
        desk.do(Action.RESOLVE, NOW)
        inbox(0, "climate_sensor", "temperature", (NOW + SECOND, 20))
        judge_all(watch, NOW + SECOND)
        watch.tick(NOW + SECOND)
        desk.undo(NOW + 2 * SECOND)
        watch.tick(NOW + 3 * SECOND)
    assert kinds(look) == ["opened", "resolved", "cleared", "undone", "resolved"]
    assert look("SELECT disposition, cleared_at, resolved_at, resolved_by_id FROM alert") == [
        ("recovered", NOW + SECOND, NOW + 3 * SECOND, None)
    ]
