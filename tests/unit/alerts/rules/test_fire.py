"""Smoke is found whatever else is said, and is over only when no detector of the home says it any more."""

from core.model import Severity
from core.packed import Flag
from tests.rule_rig import OneRule


def test_each_report_of_smoke_is_found_and_a_late_one_is_marked():
    rule = OneRule("fire", "smoke_detector", "smoke_detector")
    found = rule.say((0, 0, "smoke", 1), (0, 1, "smoke", 0), (1, 1, "smoke", 1))
    assert found.device.tolist() == [0, 1]
    assert found.severity_of(0) is Severity.EMERGENCY
    assert rule.say((2, 0, "smoke", 1), flags=Flag.LATE).late.tolist() == [True]


def test_while_one_of_two_detectors_says_smoke_it_is_not_over():
    rule = OneRule("fire", "smoke_detector", "smoke_detector")
    rule.say((0, 0, "smoke", 1), (0, 1, "smoke", 1), (1, 0, "smoke", 0))
    assert not rule.clear(2)
    rule.say((3, 1, "smoke", 0))
    assert rule.clear(4)


def test_a_detector_that_has_said_smoke_and_then_nothing_is_not_taken_to_be_clear():
    rule = OneRule("fire", "smoke_detector")
    rule.say((0, 0, "smoke", 1))
    assert not rule.clear(24 * 60)
