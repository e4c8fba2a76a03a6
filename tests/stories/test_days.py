"""Midnight, and the two nights a year that have an hour too many or too few."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from alerts.judging.fleet import Fleet
from alerts.judging.learn import learn
from alerts.rules import discover
from alerts.rules._common import local_hour
from core.catalogue import metrics
from core.packed import READING

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
MINUTE = 60_000_000
SPRING, AUTUMN = datetime(2026, 3, 29, tzinfo=BERLIN), datetime(2026, 10, 25, tzinfo=BERLIN)


def us(moment):
    return int(moment.timestamp()) * 1_000_000


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_a_habit_by_the_clock_on_the_wall_is_learned_across_a_change_of_clocks(change):
    """Up at seven, to bed at ten, something every hour between: the learned night is the same as without a change."""
    days = [change + timedelta(days=day) for day in range(-10, 11)]
    signs = [us(day.replace(hour=hour)) for day in days for hour in range(7, 23)]
    usual, count = learn(np.zeros(len(signs), np.int32), np.array(signs), 1, BERLIN)
    plain = [us(datetime(2026, 6, 1 + day, hour, tzinfo=SHANGHAI)) for day in range(21) for hour in range(7, 23)]
    expected, _ = learn(np.zeros(len(plain), np.int32), np.array(plain), 1, SHANGHAI)
    assert count[0] == 19, "whole days between the first sign and the last"
    np.testing.assert_allclose(usual[0], expected[0], atol=1)


@pytest.mark.parametrize(("moment", "hour"), [
    (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), 1), (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), 3),
    (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), 2), (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), 2),
])  # fmt: skip
def test_the_hour_of_day_is_the_one_on_the_wall(moment, hour):
    assert local_hour(Fleet.build([1], [(1, 1, "gateway")], zone=BERLIN), us(moment)) == hour


@pytest.mark.parametrize("zone", [SHANGHAI, BERLIN])
def test_a_door_that_opens_before_midnight_and_stays_open_is_one_story(zone):
    begin = us(datetime(2026, 3, 28, 23, 50, tzinfo=zone))
    fleet = Fleet.build([1], [(1, 1, "door_contact")], zone=zone, installed_at=begin)
    rule = discover()["door_open"]
    opened = np.array([(begin, 1, metrics()["door_open"].id, 0, 1)], READING)
    fires = []
    for minute in range(180):
        now = begin + minute * MINUTE
        fleet.apply(opened if minute == 0 else opened[:0], now, now)
        fires += [minute] if len(rule.tick(fleet, now, rule.over(fleet))) else []
    assert fires == list(range(fires[0], 180)), "it never lets go, over midnight and over the change of clocks"
    assert fires[0] == 6


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_a_silent_night_that_is_an_hour_longer_or_shorter_raises_nothing_that_another_night_would_not(change):
    fleet = Fleet.build([1], [(1, 1, "motion_sensor")], zone=BERLIN, installed_at=us(change - timedelta(days=30)))
    fleet.baseline[:] = 9 * 3600
    last = us((change - timedelta(days=1)).replace(hour=22))
    rule = discover()["no_sign_of_life"]
    fleet.apply(np.array([(last, 1, metrics()["motion"].id, 0, 1)], READING), last, last)
    for minute in range(9 * 60):
        now = last + minute * MINUTE
        fleet.apply(np.zeros(0, READING), now, now)
        fleet.last_seen[:] = now
        assert len(rule.tick(fleet, now, rule.over(fleet))) == 0
