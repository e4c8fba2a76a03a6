"""Signs in NEWS2's outermost band: its edge, two within half an hour, another scale, a wristband on the table."""

import pytest

from core.model import Severity
from core.packed import Flag
from tests.rule_rig import OneRule

BAND = "wristband"
EDGES = [
    ("heart_rate", 40, 41), ("heart_rate", 131, 130), ("spo2", 91, 92),
    ("breathing_rate", 8, 9), ("breathing_rate", 25, 24),
]  # fmt: skip


def device_for(metric):
    return "bed_sensor" if metric == "breathing_rate" else BAND


def twice(metric, value, *, apart=5.0, flags=0):
    rule = OneRule("vital_signs", device_for(metric))
    rule.say((0, 0, metric, value), flags=flags)
    return rule.say((apart, 0, metric, value), flags=flags)


@pytest.mark.parametrize(("metric", "bad", "good"), EDGES)
def test_the_edge_of_the_band_is_in_it_and_the_value_before_is_not(metric, bad, good):
    found = twice(metric, bad)
    assert [found.severity_of(at) for at in range(len(found))] == [Severity.URGENT]
    assert found.evidence(0)["limit"] == bad
    assert len(twice(metric, good)) == 0


@pytest.mark.parametrize(("apart", "found"), [(0.1, 1), (30, 1), (30.1, 0)])
def test_two_within_half_an_hour_are_two_and_farther_apart_are_odd_values(apart, found):
    assert len(twice("heart_rate", 140, apart=apart)) == found


def test_the_same_reading_again_is_no_second_one():
    assert len(twice("heart_rate", 140, apart=0)) == 0


def test_what_arrives_late_says_nothing_about_now():
    assert len(twice("heart_rate", 140, flags=Flag.LATE)) == 0


def test_one_that_is_well_between_two_that_are_not_parts_them():
    rule = OneRule("vital_signs", BAND)
    found = rule.say((0, BAND, "heart_rate", 140), (5, BAND, "heart_rate", 80), (10, BAND, "heart_rate", 140))
    assert len(found) == 0


@pytest.mark.parametrize("pressure", [90, 220])
def test_blood_pressure_is_told_by_one_reading_and_is_urgent_by_two(pressure):
    rule = OneRule("vital_signs", "blood_pressure_monitor")
    first = rule.say((0, 0, "systolic", pressure))
    second = rule.say((5, 0, "systolic", pressure))
    assert (first.severity_of(0), second.severity_of(0)) == (Severity.ATTENTION, Severity.URGENT)


def test_who_lives_with_little_oxygen_has_another_limit_and_is_told_it():
    rule = OneRule("vital_signs", BAND)
    rule.fleet.person("spo2_scale")[0] = 2
    assert len(rule.say((0, BAND, "spo2", 88), (5, BAND, "spo2", 88))) == 0
    found = rule.say((10, BAND, "spo2", 83), (15, BAND, "spo2", 83))
    assert [found.evidence(at)["limit"] for at in range(len(found))] == [83]


def test_a_wristband_on_the_table_has_no_pulse_and_one_on_the_arm_has():
    rule = OneRule("vital_signs", BAND)
    rule.say((0, BAND, "worn", 0))
    assert len(rule.say((1, BAND, "heart_rate", 30), (6, BAND, "heart_rate", 30))) == 0
    rule.fleet.column("worn").value[:] = 1
    assert len(rule.say((7, BAND, "heart_rate", 30))) == 1


def test_it_is_over_when_all_that_was_measured_lately_is_well_inside_and_not_when_nothing_was():
    rule = OneRule("vital_signs", BAND)
    assert not rule.clear(0), "nothing measured is no health"
    rule.say((0, BAND, "heart_rate", 140), (1, BAND, "heart_rate", 129))
    assert not rule.clear(2), "within the margin"
    rule.say((3, BAND, "heart_rate", 100))
    assert rule.clear(4)
    assert not rule.clear(64), "an hour later nobody knows"
