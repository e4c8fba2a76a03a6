"""Answers climb a ladder in the database: the same whether the engine runs on, is restarted or loses its connection."""

import threading
from datetime import timedelta

import numpy as np
import psycopg
import pytest

from alerts.judging.findings import Findings
from alerts.judging.fleet import Batch, Fleet
from alerts.lifecycle.backoff import Backoff
from alerts.response.desk import Action, act
from core.model import Disposition
from tests.engine_rig import COLD, MINUTE, NOW, Rule, judge_all, kinds, pressed, too_cold, watching
from tests.waiting import eventually

LADDER = Rule("cold", ("temperature",), tick=too_cold(), backoff=Backoff())
WEEK = timedelta(days=7)
TOP = 671 * MINUTE  # after three pauses, each answered within ten minutes, it is only shown
STANDS = "SELECT id FROM alert WHERE state <> 'resolved'"
SHOWN = "SELECT suppressed_by, suppressed_until, state, steps, answered, opened_at FROM alert ORDER BY id DESC LIMIT 1"


class Night:
    """What is said and answered when, and the engine that judges it: one for all, or a new one each time."""

    def __init__(self, settings, database, registry, inbox, look, *, restarts, rule=LADDER):
        self.settings, self.rule, self.restarts = settings, rule, restarts
        self.url, self.account = database.desk, registry.accounts["op1"]
        self.inbox, self.look = inbox, look
        self.running = None if restarts else watching(settings, rule)
        self.watch = self.running and self.running.__enter__()

    def close(self):
        if self.running:
            self.running.__exit__(None, None, None)

    def at(self, after, value=None, device="climate_sensor", minutes=0):
        """Something may be said; the engine judges, and does so for some minutes more."""
        moment = NOW + after
        if value is not None:
            self.inbox(0, device, "temperature", (moment, value))
        if self.watch:
            self._judge(self.watch, moment, minutes)
        else:
            with watching(self.settings, self.rule, now=moment) as watch:
                self._judge(watch, moment, minutes)
        return self

    def answer(self, after, disposition=Disposition.REAL, action=Action.RESOLVE):
        [[alert]] = self.look(STANDS)
        with psycopg.connect(self.url, autocommit=True) as api:
            act(api, alert, action, self.account, NOW + after, disposition=disposition)
        return self

    def climb(self):
        """To the top of the ladder."""
        self.at(0 * MINUTE, 9)
        for pause in (30, 120, 480):
            begun = self.look("SELECT max(opened_at) FROM alert")[0][0] - NOW
            self.answer(begun + 10 * MINUTE).at(begun + (9 + pause) * MINUTE)
            assert self.look(STANDS) == [], "held off"
            self.at(begun + (10 + pause) * MINUTE)
            assert len(self.look(STANDS)) == 1, "raised again"
        return self.answer(TOP - MINUTE).at(TOP)

    def said(self, since=0):
        return kinds(self.look)[since:]

    @staticmethod
    def _judge(watch, moment, minutes):
        judge_all(watch, moment)
        for minute in range(minutes + 1):
            watch.tick(moment + minute * MINUTE)
        watch.write_all_latest()


@pytest.fixture(params=[False, True], ids=["one engine", "an engine each time"])
def night(request, settings, database, registry, inbox, look):
    one = Night(settings, database, registry, inbox, look, restarts=request.param)
    yield one
    one.close()


def test_at_the_top_of_the_ladder_it_is_shown_and_not_aloud(night, look):
    night.climb()
    assert night.said() == ["opened", "resolved"] * 4 + ["suppressed"]
    assert look(SHOWN) == [("goes_on", NOW + TOP + WEEK, "open", 4, "urgent", NOW + TOP)]
    assert look("SELECT DISTINCT episode_at FROM alert") == [(NOW,)]
    [[data]] = look("SELECT data FROM alert_event WHERE kind = 'suppressed'")
    assert (data["reason"], data["steps"]) == ("goes_on", 4)
    assert data["since"] == NOW.isoformat(timespec="seconds")
    assert data["until"] == (NOW + TOP + WEEK).isoformat(timespec="seconds")
    for hour in range(1, 24):
        night.at(TOP + hour * 60 * MINUTE, 9)
    assert night.said(9) == [], "it goes on, and is on record once"


def test_it_ends_by_itself_when_the_condition_does_and_the_next_is_an_episode_of_its_own(night, look):
    night.climb().at(TOP + MINUTE, 13, minutes=1)
    assert night.said(9) == [], "not clear for long enough"
    night.at(TOP + 3 * MINUTE, minutes=2)
    assert night.said(9) == ["cleared", "resolved"]
    assert look("SELECT disposition, handler_id, suppressed_by FROM alert ORDER BY id DESC LIMIT 1") == [
        ("recovered", None, None)
    ]
    night.at(TOP + 9 * MINUTE, 9)
    assert night.said(11) == ["opened"]
    assert look(SHOWN)[0][3:5] == (0, None)


def test_it_is_aloud_at_once_when_it_gets_worse_and_climbs_a_new_ladder(night, look):
    night.climb().at(TOP + 60 * MINUTE, 4)
    assert night.said(9) == ["severity", "unsuppressed"]
    assert look(SHOWN) == [(None, None, "open", 0, "urgent", NOW + TOP + 60 * MINUTE)]
    assert look("SELECT severity, evidence FROM alert ORDER BY id DESC LIMIT 1") == [("emergency", {"value": 4.0})]
    night.answer(TOP + 70 * MINUTE).at(TOP + 99 * MINUTE, 4)
    assert look(STANDS) == []
    night.at(TOP + 100 * MINUTE)
    assert night.said(11) == ["resolved", "opened"]


def test_it_is_aloud_again_after_its_longest_time_and_shown_again_when_that_was_answered(night, look):
    night.climb().at(TOP + WEEK - MINUTE, 9)
    assert night.said(9) == []
    night.at(TOP + WEEK)
    assert night.said(9) == ["unsuppressed"]
    assert look(SHOWN) == [(None, None, "open", 4, "urgent", NOW + TOP + WEEK)]
    night.answer(TOP + WEEK + 10 * MINUTE).at(TOP + WEEK + 11 * MINUTE)
    assert night.said(10) == ["resolved", "suppressed"]
    assert look(SHOWN)[0][1] == NOW + TOP + 2 * WEEK + 11 * MINUTE


def test_whoever_takes_it_has_an_alert_like_any_other(night, look):
    night.climb().answer(TOP + 5 * MINUTE, action=Action.ACKNOWLEDGE).at(TOP + 6 * MINUTE, 9)
    assert look(SHOWN)[0][:3] == (None, None, "acknowledged")
    night.at(TOP + WEEK + MINUTE, 9).at(TOP + WEEK + 2 * MINUTE, 13, minutes=2)
    assert night.said(9) == ["acknowledged", "cleared"], "it waits for whoever took it"


def test_what_somebody_takes_in_the_moment_in_which_it_ends_waits_for_whoever_took_it(
    settings, database, registry, inbox, look
):
    night = Night(settings, database, registry, inbox, look, restarts=False)
    night.climb().at(TOP + MINUTE, 13)
    [[alert]] = look(STANDS)
    with psycopg.connect(database.desk) as api:
        with api.transaction():  # taken, not committed: the engine cannot know of it and has to wait
            act(api, alert, Action.ACKNOWLEDGE, registry.accounts["op1"], NOW + TOP + 2 * MINUTE)
            ends = threading.Thread(target=night.at, args=(TOP + 3 * MINUTE,))
            ends.start()
            eventually(lambda: look("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
        ends.join(10)
    assert night.said(9) == ["acknowledged"]
    night.at(TOP + 4 * MINUTE, minutes=2)
    night.close()
    assert night.said(9) == ["acknowledged", "cleared"]
    assert look("SELECT state FROM alert ORDER BY id DESC LIMIT 1") == [("acknowledged",)]


def test_what_is_over_within_the_pause_is_on_record_and_aloud_when_it_comes_back(night, look):
    night.at(0 * MINUTE, 9).answer(MINUTE).at(2 * MINUTE, 13, minutes=2)
    assert night.said() == ["opened", "resolved", "cleared"]
    assert look("SELECT state, disposition, cleared_at FROM alert") == [("resolved", "real", NOW + 4 * MINUTE)]
    night.at(6 * MINUTE, 9)
    assert night.said(3) == ["opened"]


def test_a_step_that_is_lost_is_taken_by_the_next_engine_as_if_nothing_had_been(
    settings, database, registry, inbox, look
):
    def dies(fleet: Fleet, now: int, params: None) -> Findings:
        found = LADDER.tick(fleet, now, params)
        if found.home.size:
            look("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'engine'")
        return found

    night = Night(settings, database, registry, inbox, look, restarts=True)
    broken = Night(
        settings, database, registry, inbox, look, restarts=True, rule=Rule("cold", LADDER.metrics, tick=dies)
    )
    night.climb()
    with pytest.raises(psycopg.OperationalError):
        broken.at(TOP + MINUTE, 4)
    assert night.said(9) == []
    night.at(TOP + MINUTE)
    assert night.said(9) == ["severity", "unsuppressed"]


def test_a_sensor_that_was_answered_weeks_ago_in_the_same_episode_is_known_to_a_new_engine(
    settings, database, registry, inbox, look
):
    [[second]] = look(
        "INSERT INTO device (vendor_id, serial, type, home_id) SELECT vendor_id, 'second', type, home_id"
        " FROM device WHERE type = 'climate_sensor' ORDER BY id LIMIT 1 RETURNING id"
    )
    registry.devices[0, "second"] = (second, "second")
    night = Night(settings, database, registry, inbox, look, restarts=True)
    night.climb().at(TOP + MINUTE, 9, "second")
    assert night.said(9) == ["unsuppressed"], "nobody has answered for this one"
    assert look("SELECT device_id FROM alert ORDER BY id DESC LIMIT 1") == [(second,)]
    night.answer(TOP + 2 * MINUTE, Disposition.FALSE_ALARM).at(TOP + 3 * MINUTE, 20, "second")
    night.at(TOP + 122 * MINUTE).answer(TOP + 123 * MINUTE, Disposition.FALSE_ALARM)
    begun = TOP + 124 * MINUTE
    for _ in range(5):
        night.at(begun, 9).at(begun + WEEK).answer(begun + WEEK + 9 * MINUTE)
        begun += WEEK + 10 * MINUTE
    assert night.said(10) == ["resolved", "opened", "resolved", *["suppressed", "unsuppressed", "resolved"] * 5]
    night.at(begun, 9).at(begun + MINUTE, 9, "second")
    assert night.said(28) == ["suppressed"], "both are known"


def test_a_reading_judged_before_an_engines_first_tick_is_held_off_too(settings, database, registry, inbox, look):
    def says_where_it_is_over(fleet: Fleet, now: int, params: None) -> Findings:
        return Findings.none(clear=np.zeros(len(fleet.home_ids), bool))

    leak = Rule("leak", ("sos",), observe=pressed, tick=says_where_it_is_over)
    with watching(settings, leak) as watch, psycopg.connect(database.desk, autocommit=True) as api:
        inbox(0, "sos_button", "sos", (NOW, 1))
        judge_all(watch, NOW)
        [[alert]] = look(STANDS)
        act(api, alert, Action.RESOLVE, registry.accounts["op1"], NOW, disposition=Disposition.REAL)
    with watching(settings, leak, now=NOW + 2 * MINUTE) as watch:
        inbox(0, "sos_button", "sos", (NOW + 2 * MINUTE, 1))
        judge_all(watch, NOW + 2 * MINUTE)
    assert kinds(look) == ["opened", "resolved"]


def test_a_rule_without_a_ladder_is_aloud_every_half_hour_through_restarts(settings, database, registry, inbox, look):
    night = Night(settings, database, registry, inbox, look, restarts=True, rule=COLD)
    night.at(0 * MINUTE, 9)
    for turn in range(30):
        night.answer(turn * 40 * MINUTE + 10 * MINUTE).at((turn + 1) * 40 * MINUTE)
    assert night.said() == ["opened", "resolved"] * 30 + ["opened"]


def test_presses_are_each_aloud_whatever_was_answered(settings, database, registry, inbox, look):
    def observe(fleet: Fleet, batch: Batch, params: None) -> Findings:
        return pressed(fleet, batch, params)

    with watching(settings, Rule("sos", ("sos",), observe=observe, clear_after=None)) as watch:
        for press in range(20):
            moment = NOW + press * MINUTE
            inbox(0, "sos_button", "sos", (moment, 1))
            judge_all(watch, moment)
            [[alert]] = look(STANDS)
            with psycopg.connect(database.desk, autocommit=True) as api:
                act(api, alert, Action.RESOLVE, registry.accounts["op1"], moment, disposition=Disposition.FALSE_ALARM)
    assert kinds(look) == ["opened", "resolved"] * 20
    assert look("SELECT count(*), max(steps), max(answered), bool_and(episode_at = occurred_at) FROM alert") == [
        (20, 0, None, True)
    ], "each is an episode of its own"


def test_alerts_from_before_the_ladder_are_taken_up_as_its_first_step(settings, database, registry, inbox, look):
    night = Night(settings, database, registry, inbox, look, restarts=True)
    night.at(0 * MINUTE, 9)
    look("UPDATE alert SET episode_at = NULL RETURNING 1")
    night.answer(10 * MINUTE).at(39 * MINUTE, 9).at(40 * MINUTE)
    assert night.said() == ["opened", "resolved", "opened"]
    assert look(SHOWN)[0][3:5] == (1, "urgent")
    assert look("SELECT episode_at FROM alert ORDER BY id DESC LIMIT 1") == [(NOW,)]
