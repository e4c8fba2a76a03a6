"""A home's rhythm: the silence that is usual in each hour of day, and none where too little is known."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from alerts.judging.learn import MIN_DAYS, learn
from core.clock import to_us

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)


def days(zone, count, hours, begin=datetime(2026, 3, 2)):  # noqa: DTZ001 - made aware below
    """Signs of life at these hours of each day."""
    local = [begin.replace(tzinfo=zone) + timedelta(days=day) + hour * HOUR for day in range(count) for hour in hours]
    return np.array([to_us(moment.astimezone(UTC)) for moment in local], np.int64)


def one(signs, zone=SHANGHAI):
    usual, known = learn(np.zeros(len(signs), np.int32), signs, 1, zone)
    return usual[0], int(known[0])


def test_the_usual_silence_is_how_long_nothing_was_seen_by_the_end_of_each_hour():
    usual, known = one(days(SHANGHAI, 15, [6.5, 12.5, 18.5]))
    assert known == 13  # the first and the last are no whole days: nobody knows what was before
    assert usual[8] == pytest.approx(2.5 * 3600), "by nine o'clock, since half past six"
    assert usual[11] == pytest.approx(5.5 * 3600)
    assert usual[12] == pytest.approx(6 * 3600), "at half past twelve it was broken, after six hours"
    assert usual[5] == pytest.approx(11.5 * 3600), "the night still lasts"
    assert usual[6] == pytest.approx(12 * 3600), "and ends"


def test_below_five_days_nothing_is_known_of_a_habit():
    usual, known = one(days(SHANGHAI, MIN_DAYS + 1, [6, 12, 18]))
    assert known == MIN_DAYS - 1
    assert np.isnan(usual).all()


def test_one_day_in_hospital_among_three_weeks_does_not_make_a_day_of_silence_usual():
    signs = days(SHANGHAI, 24, range(6, 22))
    away = (signs >= to_us(datetime(2026, 3, 10, tzinfo=SHANGHAI))) & (
        signs < to_us(datetime(2026, 3, 11, tzinfo=SHANGHAI))
    )
    usual, _ = one(signs[~away])
    assert usual[15] <= 2 * 3600


@pytest.mark.parametrize("signs", [[], [1_764_000_000_000_000]])
def test_a_home_of_which_nothing_or_one_sign_is_known_has_no_habit(signs):
    usual, known = one(np.array(signs, np.int64))
    assert (known, np.isnan(usual).all()) == (0, True)


def test_homes_are_learned_apart_in_whatever_order_their_signs_come():
    mine, theirs = days(SHANGHAI, 15, range(24)), days(SHANGHAI, 15, [8, 20])
    home = np.r_[np.zeros(len(mine), np.int32), np.full(len(theirs), 2, np.int32)]
    ts = np.r_[mine, theirs]
    order = np.random.default_rng(1).permutation(len(ts))
    usual, known = learn(home[order], ts[order], 3, SHANGHAI)
    assert usual[0, 15] == pytest.approx(3600)
    assert usual[2, 15] == pytest.approx(8 * 3600)
    assert (known[1], np.isnan(usual[1]).all()) == (0, True)


def test_the_hours_are_those_of_the_homes_also_where_clocks_are_changed():
    usual, _ = one(days(BERLIN, 20, [7.5, 21.5], begin=datetime(2026, 3, 20)), BERLIN)  # noqa: DTZ001
    assert usual[7] == pytest.approx(10 * 3600)
    assert usual[21] == pytest.approx(14 * 3600)
    assert usual[20] == pytest.approx(13.5 * 3600)
