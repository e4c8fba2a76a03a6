"""Carbon monoxide by EN 50291-1: how long at how much, reached between two readings too, and anew after air."""

import pytest

from core.model import Severity
from core.packed import Flag
from tests.rule_rig import OneRule

DEVICE = "co_detector"


def exposed(ppm, minutes, step=5):
    """The rule after readings of so much for so long."""
    rule = OneRule("co", DEVICE)
    found = [rule.say((minute, DEVICE, "co", ppm)) for minute in range(0, minutes + 1, step)]
    return rule, [len(one) for one in found]


@pytest.mark.parametrize(("ppm", "minutes"), [(30, 120), (50, 60), (100, 10), (300, 0)])
def test_each_band_is_found_when_its_time_is_reached_and_not_before(ppm, minutes):
    _, found = exposed(ppm, minutes + 5)
    assert found == [0] * (minutes // 5) + [1, 1]


@pytest.mark.parametrize(("ppm", "minutes"), [(30, 120), (50, 60), (100, 10)])
def test_a_tick_finds_it_in_the_minute_though_the_next_reading_comes_later(ppm, minutes):
    rule, _ = exposed(ppm, minutes - 5)
    assert len(rule.tick(minutes - 0.1)) == 0
    found = rule.tick(minutes)
    assert (found.home.tolist(), found.severity_of(0)) == ([0], Severity.EMERGENCY)
    assert f"已 {minutes} 分钟" in found.evidence(0)["text_zh"]


def test_below_the_first_band_nothing_is_found_however_long():
    rule, found = exposed(29, 300)
    assert sum(found) == len(rule.tick(301)) == 0
    assert rule.clear(301)


def test_a_breath_of_air_begins_the_exposure_anew():
    rule, _ = exposed(35, 115)
    rule.say((117, DEVICE, "co", 0), (118, DEVICE, "co", 35))
    assert len(rule.tick(130)) == 0
    assert sum(len(rule.say((minute, DEVICE, "co", 35))) for minute in range(123, 238, 5)) == 0
    assert len(rule.say((238, DEVICE, "co", 35))) == 1


def test_an_exposure_of_which_nothing_was_heard_for_an_hour_is_not_taken_to_go_on():
    rule = OneRule("co", DEVICE)
    rule.say((0, DEVICE, "co", 60))
    assert len(rule.tick(59.9)) == 0
    assert len(rule.tick(61)) == 0, "nobody knows whether it has lasted"
    assert len(rule.say((62, DEVICE, "co", 60))) == 0
    assert len(rule.say((121, DEVICE, "co", 60))) == 0
    assert len(rule.say((122, DEVICE, "co", 60))) == 1


def test_a_peak_that_arrives_late_is_found_and_changes_nothing_of_what_is_newer():
    rule = OneRule("co", DEVICE)
    rule.say((60, DEVICE, "co", 5))
    found = rule.say((10, DEVICE, "co", 350), flags=Flag.LATE)
    assert (len(found), found.late.tolist()) == (1, [True])
    assert len(rule.say((20, DEVICE, "co", 120), flags=Flag.LATE)) == 0, "an exposure is not made of old news"
    assert len(rule.tick(61)) == 0


def test_a_burst_after_an_outage_that_holds_a_peak_and_its_end_is_found():
    rule = OneRule("co", DEVICE)
    found = rule.say((0, DEVICE, "co", 2), (10, DEVICE, "co", 400), (11, DEVICE, "co", 2))
    assert [found.evidence(at)["value"] for at in range(len(found))] == [400]


def test_the_worst_room_of_a_home_is_shown():
    rule = OneRule("co", DEVICE, DEVICE)
    found = rule.say((0, 0, "co", 310), (0, 1, "co", 500))
    assert (found.home.tolist(), found.evidence(0)["value"]) == ([0], 500)


def test_what_a_detector_says_by_itself_needs_no_number_and_keeps_it_from_being_over():
    rule = OneRule("co", DEVICE)
    assert len(rule.say((0, DEVICE, "co", 0), (0, DEVICE, "co_alarm", 1))) == 1
    assert not rule.clear(1)
    rule.say((2, DEVICE, "co_alarm", 0))
    assert rule.clear(3)
