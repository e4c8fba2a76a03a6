"""A cause that stands for weeks, and operators who answer each time: how often they are asked. No database."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from alerts.judging.entries import Standing
from alerts.judging.fleet import Fleet
from alerts.judging.judge import Judge
from alerts.lifecycle.backoff import Backoff
from alerts.lifecycle.states import EventKind
from alerts.rules import discover
from core.catalogue import metrics
from core.model import Disposition, Severity
from core.packed import READING
from tests.stories.story import MINUTE, MORNING

HOUR, DAY = 60 * MINUTE, 1440 * MINUTE
STEP = 10 * MINUTE


class Desk:
    """One home under one rule, and an operator who resolves whatever is aloud ten minutes later."""

    def __init__(self, rule, *types, disposition=Disposition.REAL):
        self.rule, self.disposition = rule, disposition
        self.fleet = Fleet.build([1], [(number, 1, code) for number, code in enumerate(types)], installed_at=MORNING)
        self.judge = Judge.new(self.fleet, {rule.name: rule})
        self.docket = self.judge.dockets[rule.name]
        self.now = MORNING
        self.said = []
        self.aloud = []  # µs at which it was aloud
        self.severity = []
        self.quiet = []  # µs at which it was only shown
        self.ended = []  # events of what ended by itself, or after it was answered
        self.standing, self.answer_at, self.newest = None, None, 0

    def say(self, device, metric, value):
        self.said.append((self.now, device, metrics()[metric].id, 0, value))
        return self

    def until(self, end):
        while self.now < MORNING + end:
            self.now += STEP
            if self.answer_at and self.now >= self.answer_at:
                self._answer()
            batch = self.fleet.apply(np.array(self.said, READING), self.now, self.now)
            self.said = []
            self.fleet.last_seen[:] = self.now
            self._take(self.judge.observe(batch))
            raises, changes = self.judge.tick(self.now)
            self._take(raises)
            for change in changes:
                self.ended.append(change.events)
                if EventKind.UNSUPPRESSED in change.events:
                    self._aloud(self.standing.severity)
        return self

    def _take(self, raises):
        for one in raises:
            new = not self.docket.alert[0]
            self.newest += new
            self.docket.written(one, self.newest)
            if new:
                self.standing = Standing(
                    self.newest, 0, one.severity, False, one.device, since=one.since, steps=one.steps,
                    answered=one.answered, quiet_until=one.quiet_until,
                )  # fmt: skip
                self.quiet += [self.now] if one.quiet_until else []
            else:
                self.standing = replace(
                    self.standing, severity=one.severity, device=one.device, steps=one.steps, quiet_until=None
                )
            if one.quiet_until is None and (new or EventKind.UNSUPPRESSED in one.events):
                self._aloud(one.severity)

    def _aloud(self, severity):
        self.aloud.append(self.now - MORNING)
        self.severity.append(severity)
        self.answer_at = self.now + 10 * MINUTE

    def _answer(self):
        self.docket.resolved(replace(self.standing, resolved_at=self.now, disposition=self.disposition))
        self.answer_at = None


def stuck_contact(backoff, disposition=Disposition.REAL):
    rule = replace(discover()["door_open"], backoff=backoff)
    return Desk(rule, "door_contact", disposition=disposition).say(0, "door_open", 1).until(70 * DAY)


def absence(backoff):
    desk = Desk(replace(discover()["not_back"], backoff=backoff), "door_contact", "motion_sensor")
    desk.say(0, "door_open", 1).until(STEP)
    return desk.say(0, "door_open", 0).until(50 * DAY)


def test_a_contact_stuck_for_seventy_days_is_told_a_handful_of_times_and_not_two_thousand():
    assert len(stuck_contact(None).aloud) > 2_000, "what it was"
    desk = stuck_contact(discover()["door_open"].backoff)
    by_day, by_night = desk.aloud[:4], desk.aloud[4:8]
    pauses = np.diff(by_day) / MINUTE
    assert list(pauses) == [40, 130, 490], "ten minutes to the answer, then half an hour, two, eight"
    assert desk.severity[3:5] == [Severity.ATTENTION, Severity.URGENT], "night is worse than what was answered"
    assert list(np.diff(by_night) / MINUTE) == [40, 130, 490]
    weekly = np.diff(desk.aloud[8:]) / DAY
    assert len(weekly) == pytest.approx(8, abs=1)
    assert list(weekly) == pytest.approx([7] * len(weekly), abs=0.05)
    assert len(desk.aloud) < 20
    assert len(desk.quiet) == len(desk.aloud[8:]) + 2, "shown after each ladder and after each week's answer"


@pytest.mark.parametrize(
    ("disposition", "hours"),
    [
        (Disposition.REAL, [0.5, 2, 8]),
        (Disposition.TEST, [0.5, 2, 8]),
        (Disposition.FALSE_ALARM, [2]),
        (Disposition.DEVICE_FAULT, [24, 96, 168]),
    ],
)
def test_the_pause_grows_by_what_it_was_said_to_be(disposition, hours):
    desk = Desk(discover()["room_temperature"], "climate_sensor", disposition=disposition)
    for _ in range(16 * 24):
        desk.say(0, "temperature", 14).until(desk.now - MORNING + HOUR)
    told = [at for at in desk.aloud if not desk.quiet or at <= desk.quiet[0] - MORNING]
    waits = (np.diff(told) - 10 * MINUTE) / HOUR
    assert list(waits) == pytest.approx(hours, abs=0.1)
    assert len(desk.quiet) >= 1


def test_an_absence_of_fifty_days_is_told_a_handful_of_times_and_not_eighteen_hundred():
    assert len(absence(None).aloud) > 1_500, "what it was"
    desk = absence(discover()["not_back"].backoff)
    assert desk.aloud[0] == pytest.approx(12 * HOUR, abs=2 * STEP)
    assert len(desk.aloud) == pytest.approx(4 + 24, abs=2), "four times within a day, then every second day"
    assert desk.aloud[-1] > 47 * DAY, "and never forgotten"


def test_coming_home_ends_an_absence_that_was_only_shown():
    desk = Desk(discover()["not_back"], "door_contact", "motion_sensor")
    desk.say(0, "door_open", 1).until(STEP)
    desk.say(0, "door_open", 0).until(2 * DAY)
    assert desk.docket.quiet[0]
    desk.say(1, "motion", 1).until(2 * DAY + HOUR)
    assert desk.ended == [(EventKind.CLEARED, EventKind.RESOLVED)]
    assert not desk.docket.alert[0]
    told = len(desk.aloud)
    desk.say(0, "door_open", 1).until(2 * DAY + 2 * HOUR)
    desk.say(0, "door_open", 0).until(3 * DAY)
    assert len(desk.aloud) > told, "the next absence is an episode of its own"


@pytest.mark.parametrize("disposition", [Disposition.REAL, Disposition.FALSE_ALARM, Disposition.DEVICE_FAULT])
@pytest.mark.parametrize(
    ("name", "device", "metric", "value"),
    [("gas", "gas_detector", "gas", 40), ("fire", "smoke_detector", "smoke", 1), ("co", "co_detector", "co", 400)],
)
def test_fire_gas_and_carbon_monoxide_are_aloud_every_half_hour_whatever_was_answered(
    name, device, metric, value, disposition
):
    desk = Desk(discover()[name], device, disposition=disposition)
    while desk.now < MORNING + 10 * DAY:
        desk.say(0, metric, value).until(desk.now - MORNING + STEP)
    assert desk.quiet == []
    assert (np.diff(desk.aloud) == 40 * MINUTE).all(), "ten minutes to the answer, then half an hour"
    assert len(desk.aloud) == pytest.approx(10 * DAY / (40 * MINUTE), abs=2)


@pytest.mark.parametrize("disposition", [Disposition.REAL, Disposition.FALSE_ALARM, Disposition.DEVICE_FAULT])
def test_silence_in_the_home_is_aloud_every_half_hour_for_as_long_as_it_lasts(disposition):
    desk = Desk(discover()["no_sign_of_life"], "motion_sensor", disposition=disposition)
    desk.say(0, "motion", 1).until(10 * DAY)
    assert desk.quiet == []
    assert (np.diff(desk.aloud) == 40 * MINUTE).all()
    assert len(desk.aloud) > 300


@pytest.mark.parametrize(("name", "device"), [("sos", "sos_button"), ("fall", "fall_radar")])
def test_every_cry_is_aloud_however_often_it_was_answered(name, device):
    desk = Desk(discover()[name], device)
    for press in range(200):
        desk.say(0, name, 1).until((press + 1) * 15 * MINUTE)
    assert len(desk.aloud) == 200


def test_what_was_answered_is_aloud_at_once_when_it_gets_worse_and_climbs_a_ladder_of_its_own():
    desk = Desk(discover()["room_temperature"], "climate_sensor")
    for _ in range(24):
        desk.say(0, "temperature", 14).until(desk.now - MORNING + HOUR)
    assert desk.docket.quiet[0]
    told = len(desk.aloud)
    desk.say(0, "temperature", 11).until(desk.now - MORNING + STEP)
    assert desk.severity[told:] == [Severity.URGENT]
    for _ in range(12):
        desk.say(0, "temperature", 11).until(desk.now - MORNING + HOUR)
    assert len(desk.aloud) == told + 4
    assert desk.docket.quiet[0]
    desk.say(0, "temperature", 14).until(desk.now - MORNING + HOUR)
    desk.say(0, "temperature", 11).until(desk.now - MORNING + HOUR)
    assert len(desk.aloud) == told + 4, "what was answered once is no worse than what was answered"


def test_another_sensor_that_gets_wet_is_aloud_beside_one_that_is_stuck():
    desk = Desk(discover()["water_leak"], "water_leak_sensor", "water_leak_sensor")
    desk.say(0, "water_leak", 1).say(1, "water_leak", 0).until(20 * HOUR)
    assert desk.docket.quiet[0]
    told = len(desk.aloud)
    desk.say(1, "water_leak", 1).until(20 * HOUR + STEP)
    assert len(desk.aloud) == told + 1
    desk.until(32 * HOUR)
    assert len(desk.aloud) == told + 4
    desk.say(1, "water_leak", 0).until(33 * HOUR)
    desk.say(1, "water_leak", 1).until(34 * HOUR)
    assert len(desk.aloud) == told + 4, "both are known now, for as long as the episode lasts"


def test_what_was_over_and_comes_back_is_aloud_at_once_within_the_pause():
    desk = Desk(discover()["water_leak"], "water_leak_sensor").say(0, "water_leak", 1).until(2 * STEP)
    assert desk.aloud == [STEP]
    desk.say(0, "water_leak", 0).until(4 * STEP)
    assert desk.ended == [(EventKind.CLEARED,)], "the end is on record, though it was answered before"
    desk.say(0, "water_leak", 1).until(5 * STEP)
    assert desk.aloud == [STEP, 5 * STEP]


def test_what_is_only_shown_is_aloud_again_when_its_time_is_up_though_its_sensor_is_dead():
    desk = Desk(discover()["room_temperature"], "climate_sensor")
    for _ in range(20):
        desk.say(0, "temperature", 14).until(desk.now - MORNING + HOUR)
    assert desk.docket.quiet[0]
    told, shown = len(desk.aloud), desk.quiet[0] - MORNING
    desk.until(shown + 7 * DAY - STEP)
    assert len(desk.aloud) == told
    desk.until(shown + 7 * DAY)
    assert desk.aloud[told:] == [shown + 7 * DAY]


def test_an_emergency_of_any_rule_is_never_only_shown():
    desk = Desk(replace(discover()["gas"], backoff=Backoff(longest=timedelta(days=1))), "gas_detector")
    while desk.now < MORNING + 2 * DAY:
        desk.say(0, "gas", 40).until(desk.now - MORNING + STEP)
    assert desk.quiet == []
    assert max(np.diff(desk.aloud)) == 40 * MINUTE
