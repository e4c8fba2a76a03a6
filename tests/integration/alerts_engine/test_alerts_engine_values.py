"""What an alert measures now and at its worst, from readings and from ticks; restarted between or not."""

import pytest

from alerts.rules import discover
from core.packed import Flag
from tests.engine_rig import MINUTE, NOW, judge_all, kinds, watching
from tests.registry import seed

VALUES = "SELECT (evidence->>'value')::float8, last_value, peak_value FROM alert"


@pytest.fixture
def registry(database):
    return seed(database.owner, homes=1, types=("gas_detector", "climate_sensor", "sos_button", "wristband"))


@pytest.mark.parametrize("restart", [False, True])
def test_gas_shows_the_newest_and_the_worst_and_a_late_reading_is_not_the_newest(settings, inbox, look, restart):
    rule, expected = discover()["gas"], []
    said = ((1, 12, 0), (2, 41, 0), (3, 18, 0), (-60, 30, Flag.LATE), (-50, 60, Flag.LATE))
    with watching(settings, rule) as running:
        for minute, value, flags in said:
            at = NOW + minute * MINUTE
            inbox(0, "gas_detector", "gas", (at, value), flags=flags, received=NOW + 5 * MINUTE)
            if restart:
                with watching(settings, rule, now=NOW + 5 * MINUTE) as fresh:
                    judge_all(fresh, NOW + 5 * MINUTE)
            else:
                judge_all(running, NOW + 5 * MINUTE)
            expected.append(look(VALUES)[0][1:])
    assert expected == [(12, 12), (41, 41), (18, 41), (18, 41), (18, 60)]
    assert look(VALUES)[0][0] == 12


def test_a_room_is_followed_by_ticks_without_an_entry_in_the_history(settings, inbox, look):
    found = []
    with watching(settings, discover()["room_temperature"]) as watch:
        for minute, degrees in ((0, 14), (31, 14), (32, 12.5), (33, 13.5)):
            inbox(0, "climate_sensor", "temperature", (NOW + minute * MINUTE, degrees))
            judge_all(watch, NOW + minute * MINUTE)
            watch.tick(NOW + minute * MINUTE)
            found += [row[1:] for row in look(VALUES)]
    assert found == [(14, 14), (12.5, 12.5), (13.5, 12.5)]
    assert kinds(look) == ["opened"]


def test_another_sign_of_the_same_rule_does_not_change_the_value(settings, inbox, look):
    with watching(settings, discover()["vital_signs"]) as watch:
        for minute, metric, value in (
            (0, "heart_rate", 140), (5, "heart_rate", 145), (6, "spo2", 85), (8, "spo2", 84), (10, "heart_rate", 138),
        ):  # fmt: skip
            inbox(0, "wristband", metric, (NOW + minute * MINUTE, value))
            judge_all(watch, NOW + minute * MINUTE)
    assert look(VALUES) == [(145, 138, 145)]


def test_a_press_measures_nothing(settings, inbox, look):
    with watching(settings, discover()["sos"]) as watch:
        inbox(0, "sos_button", "sos", (NOW, 1))
        judge_all(watch, NOW)
    assert look("SELECT last_value, peak_value FROM alert") == [(None, None)]
