"""A room too cold or too hot for half an hour; what airs in between, comes late or is old begins and ends nothing."""

import pytest

from core.model import Severity
from tests.rule_rig import OneRule

SENSOR = "climate_sensor"


def room(*said):
    rule = OneRule("room_temperature", SENSOR)
    for minute, degrees in said:
        rule.say((minute, SENSOR, "temperature", degrees))
    return rule


@pytest.mark.parametrize(
    ("degrees", "severity"),
    [
        (15.9, ["attention"]),
        (11.9, ["urgent"]),
        (12, ["attention"]),
        (35, ["attention"]),
        (38, ["urgent"]),
        (16, []),
        (34.9, []),
    ],
)
def test_half_an_hour_outside_is_found_and_the_extremes_are_urgent(degrees, severity):
    rule = room((0, degrees), (15, degrees))
    assert len(rule.tick(29.9)) == 0
    found = rule.tick(30)
    assert [found.severity_of(at) for at in range(len(found))] == [Severity(one) for one in severity]


def test_what_is_shown_is_the_room_its_limit_and_since_when():
    shown = room((0, 10), (20, 9.5)).tick(31).evidence(0)
    assert (shown["value"], shown["limit"], shown["since"]) == (9.5, 16, "2026-03-02T01:00:00+00:00")
    assert "过冷" in shown["text_zh"]
    assert "too hot" in room((0, 36)).tick(31).evidence(0)["text_en"]


def test_a_window_opened_for_ten_minutes_is_nothing_and_begins_anew():
    rule = room((0, 10), (10, 20), (20, 10))
    assert len(rule.tick(49)) == 0
    assert len(rule.tick(50)) == 1


def test_cold_that_is_brought_late_does_not_count_where_a_newer_reading_was_inside():
    rule = room((40, 20))
    rule.say((0, SENSOR, "temperature", 10), (5, SENSOR, "temperature", 10))
    assert len(rule.tick(41)) == 0


def test_cold_that_began_before_what_is_known_counts_from_its_begin():
    rule = room((30, 10))
    assert len(rule.tick(31)) == 0
    rule.say((0, SENSOR, "temperature", 10))
    assert len(rule.tick(31)) == 1


def test_a_sensor_that_has_been_silent_for_four_hours_says_nothing_about_now():
    rule = room((0, 10))
    assert len(rule.tick(239)) == 1
    assert len(rule.tick(240)) == 0


@pytest.mark.parametrize(("degrees", "over"), [(16.5, False), (17, True), (32.9, True), (33, False)])
def test_it_is_over_a_degree_inside(degrees, over):
    assert room((0, 10), (40, degrees)).clear(41) is over


def test_the_worst_room_stands_for_the_home():
    rule = OneRule("room_temperature", SENSOR, SENSOR)
    rule.say((0, 0, "temperature", 14), (0, 1, "temperature", 5))
    found = rule.tick(30)
    assert (found.home.tolist(), found.device.tolist(), found.value.tolist()) == ([0], [1], [5])
