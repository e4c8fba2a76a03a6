"""What arrives in the inbox becomes alerts: raised, counted, worse, cleared, back again."""

import threading

import psycopg

from alerts.response.desk import Action, act
from core.model import Disposition
from core.packed import Flag
from tests.engine_rig import ALERTS, COLD, MINUTE, NOW, SOS, Rule, judge_all, kinds, too_cold, watching
from tests.waiting import eventually


def test_an_sos_becomes_one_alert_and_a_second_press_raises_its_count(settings, inbox, look):
    with watching(settings, SOS) as watch:
        inbox(0, "sos_button", "sos", (NOW, 1))
        judge_all(watch, NOW)
        inbox(0, "sos_button", "sos", (NOW + MINUTE, 1))
        judge_all(watch, NOW + MINUTE)
    assert look(ALERTS) == [("sos", "emergency", "open", 2, False, None)]
    assert kinds(look) == ["opened", "raised"]
    assert look("SELECT count(*) FROM batch WHERE step IS NULL") == [(0,)]


def test_an_sos_after_the_first_was_resolved_opens_a_second_alert(settings, database, registry, inbox, look):
    with watching(settings, SOS) as watch, psycopg.connect(database.desk, autocommit=True) as api:
        inbox(0, "sos_button", "sos", (NOW, 1))
        judge_all(watch, NOW)
        alert = look("SELECT id FROM alert")[0][0]
        act(api, alert, Action.RESOLVE, registry.accounts["op1"], NOW, disposition=Disposition.TEST)
        inbox(0, "sos_button", "sos", (NOW + MINUTE, 1))
        judge_all(watch, NOW + MINUTE)
    assert [row[2] for row in look(ALERTS)] == ["resolved", "open"]
    assert kinds(look) == ["opened", "resolved", "opened"]


def test_a_press_judged_while_an_operator_resolves_is_never_lost(settings, database, registry, inbox, look):
    with watching(settings, SOS) as watch, psycopg.connect(database.desk) as api:
        inbox(0, "sos_button", "sos", (NOW, 1))
        judge_all(watch, NOW)
        alert = look("SELECT id FROM alert")[0][0]
        inbox(0, "sos_button", "sos", (NOW + MINUTE, 1))
        with api.transaction():  # resolved, not committed: the engine cannot know of it and has to wait
            act(api, alert, Action.RESOLVE, registry.accounts["op1"], NOW, disposition=Disposition.TEST)
            thread = threading.Thread(target=judge_all, args=(watch, NOW + MINUTE))
            thread.start()
            eventually(lambda: look("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
        thread.join(10)
    assert [row[2:4] for row in look(ALERTS)] == [("resolved", 1), ("open", 1)]


def test_a_late_sos_is_raised_and_marked(settings, inbox, look):
    with watching(settings, SOS) as watch:
        inbox(0, "sos_button", "sos", (NOW - 60 * MINUTE, 1), flags=Flag.LATE, received=NOW)
        judge_all(watch, NOW)
    assert look("SELECT late, occurred_at, opened_at FROM alert") == [(True, NOW - 60 * MINUTE, NOW)]


def test_an_emergency_is_judged_before_the_backlog_that_came_first(settings, inbox, look):
    for minute in range(200):
        inbox(0, "climate_sensor", "temperature", (NOW + minute * MINUTE, 20))
    inbox(1, "sos_button", "sos", (NOW, 1))
    with watching(settings, SOS) as watch:
        watch.judge_lane(NOW, urgent=True)
        assert look("SELECT count(*) FROM batch WHERE step IS NULL") == [(200,)]
        assert look("SELECT count(*) FROM alert") == [(1,)]
        judge_all(watch, NOW)
    assert look("SELECT count(*) FROM batch WHERE step IS NULL") == [(0,)]


def test_a_condition_is_raised_once_gets_worse_clears_with_delay_and_comes_back(settings, inbox, look):
    def at(minute: float, value: float | None = None) -> None:
        moment = NOW + minute * MINUTE
        if value is not None:
            inbox(0, "climate_sensor", "temperature", (moment, value))
        judge_all(watch, moment)
        watch.tick(moment)

    with watching(settings, COLD) as watch:
        at(0, 9)
        at(1, 9)
        assert kinds(look) == ["opened"]
        at(2, 4)
        assert kinds(look) == ["opened", "severity"]
        at(3, 11)  # warmer, but not clear yet: the threshold for clearing is its own
        at(6, 13)
        at(7)
        assert kinds(look) == ["opened", "severity"], "it must stay clear for two minutes"
        at(8)
        assert kinds(look) == ["opened", "severity", "cleared"]
        at(9, 9)
    assert kinds(look) == ["opened", "severity", "cleared", "returned"]
    assert look(ALERTS) == [("cold", "emergency", "open", 3, False, None)]
    assert look("SELECT evidence FROM alert") == [({"value": 4.0},)]


def test_an_alert_of_a_rule_that_recovers_ends_by_itself(settings, inbox, look):
    with watching(settings, Rule("cold", ("temperature",), tick=too_cold(), recovers=True)) as watch:
        for minute, value in ((0, 9), (1, 15), (2, 15), (3, 15)):
            moment = NOW + minute * MINUTE
            inbox(0, "climate_sensor", "temperature", (moment, value))
            judge_all(watch, moment)
            watch.tick(moment)
    assert look("SELECT state, disposition, handler_id FROM alert") == [("resolved", "recovered", None)]
    assert kinds(look) == ["opened", "cleared", "resolved"]


def test_what_was_resolved_and_still_holds_is_raised_again_after_half_an_hour(
    settings, database, registry, inbox, look
):
    with watching(settings, COLD) as watch, psycopg.connect(database.desk, autocommit=True) as api:
        inbox(0, "climate_sensor", "temperature", (NOW, 9))
        judge_all(watch, NOW)
        watch.tick(NOW)
        alert = look("SELECT id FROM alert")[0][0]
        act(api, alert, Action.RESOLVE, registry.accounts["op1"], NOW, disposition=Disposition.REAL)
        watch.tick(NOW + 29 * MINUTE)
        assert kinds(look) == ["opened", "resolved"]
    with watching(settings, COLD, now=NOW + 29 * MINUTE) as watch:  # an engine that was started since knows it too
        watch.tick(NOW + 29 * MINUTE)
        assert kinds(look) == ["opened", "resolved"]
        watch.tick(NOW + 31 * MINUTE)
    assert kinds(look) == ["opened", "resolved", "opened"]
