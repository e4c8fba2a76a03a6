"""How long an answer keeps quiet what goes on: longer each time, never for an emergency, and never for ever."""

from datetime import timedelta

import pytest

from alerts.lifecycle.backoff import (
    HOLD_OFF,
    LONG_HOLD_OFF,
    LONGEST,
    MOST,
    REACH,
    Backoff,
    climbed,
    only_shown,
    pause,
)  # fmt: skip
from alerts.lifecycle.states import UNDO_WITHIN
from core.model import Disposition, Severity

LADDER = Backoff(factor=4, repeats=3)


@pytest.mark.parametrize("disposition", [None, *Disposition])
@pytest.mark.parametrize("steps", [0, 1, 4, MOST])
@pytest.mark.parametrize("backoff", [None, LADDER])
def test_an_emergency_is_aloud_again_after_half_an_hour_whatever_was_answered_and_how_often(
    backoff, steps, disposition
):
    assert pause(backoff, Severity.EMERGENCY, disposition, steps) == HOLD_OFF == timedelta(minutes=30)
    assert not only_shown(backoff, Severity.EMERGENCY, steps)


def test_each_answer_lengthens_the_pause_by_the_factor_until_it_is_only_shown():
    pauses = [pause(LADDER, Severity.URGENT, Disposition.REAL, steps) for steps in range(5)]
    assert pauses == [HOLD_OFF, HOLD_OFF, HOLD_OFF * 4, HOLD_OFF * 16, UNDO_WITHIN]
    assert [only_shown(LADDER, Severity.URGENT, steps) for steps in range(5)] == [False] * 4 + [True]


@pytest.mark.parametrize("severity", [one for one in Severity if one is not Severity.EMERGENCY])
@pytest.mark.parametrize("disposition", [None, *Disposition])
def test_no_pause_is_longer_than_the_ladders_longest(severity, disposition):
    long = Backoff(factor=10, repeats=MOST, longest=LONGEST)
    pauses = [pause(long, severity, disposition, steps) for steps in range(1, MOST + 1)]
    assert pauses == sorted(pauses)
    assert max(pauses) == LONGEST
    assert LONGEST < REACH, "a start must find the answer that keeps something quiet"


def test_what_takes_until_the_next_day_is_not_asked_about_every_half_hour():
    assert pause(LADDER, Severity.URGENT, Disposition.DEVICE_FAULT, 1) == LONG_HOLD_OFF
    assert pause(None, Severity.URGENT, Disposition.DEVICE_FAULT, 1) == HOLD_OFF, "without a ladder nothing waits"
    assert pause(None, Severity.MAINTENANCE, Disposition.REAL, 1) == LONG_HOLD_OFF


def test_a_rule_without_a_ladder_is_raised_for_as_long_as_it_holds():
    assert {pause(None, Severity.URGENT, Disposition.REAL, steps) for steps in range(MOST)} == {HOLD_OFF}
    assert not any(only_shown(None, Severity.URGENT, steps) for steps in range(MOST))


def test_what_was_no_danger_climbs_faster_than_what_was():
    assert [climbed(one) for one in (None, Disposition.REAL, Disposition.FALSE_ALARM)] == [1, 1, 2]
