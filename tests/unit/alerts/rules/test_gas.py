"""Gas is found at the alarm point and by the detector's own word; between clear and alarm neither begins nor ends."""

import pytest

from core.model import Severity
from core.packed import Flag
from tests.rule_rig import OneRule


@pytest.mark.parametrize(("level", "found"), [(0, 0), (9.99, 0), (10, 1), (100, 1)])
def test_gas_is_found_from_the_alarm_point_on(level, found):
    told = OneRule("gas", "gas_detector").say((0, "gas_detector", "gas", level))
    assert len(told) == found


def test_what_is_found_says_the_level_and_the_limit():
    found = OneRule("gas", "gas_detector").say((0, "gas_detector", "gas", 42.4), flags=Flag.LATE)
    shown = found.evidence(0)
    assert (found.severity_of(0), found.late.tolist(), found.score.tolist()) == (Severity.EMERGENCY, [True], [42.4])
    assert (shown["value"], shown["limit"], shown["unit"]) == (42.4, 10, "%LEL")
    assert "42 %LEL" in shown["text_zh"]
    assert "42 %LEL" in shown["text_en"]


@pytest.mark.parametrize(("level", "over"), [(0, True), (4.99, True), (5, False), (9, False), (40, False)])
def test_it_is_over_only_well_below_the_alarm_point(level, over):
    rule = OneRule("gas", "gas_detector")
    rule.say((0, "gas_detector", "gas", 40), (1, "gas_detector", "gas", level))
    assert rule.clear(2) is over


def test_the_detectors_own_alarm_is_found_without_a_level_and_keeps_it_from_being_over():
    rule = OneRule("gas", "gas_detector")
    found = rule.say((0, "gas_detector", "gas", 0), (0, "gas_detector", "gas_alarm", 1))
    assert [found.evidence(at)["metric"] for at in range(len(found))] == ["gas_alarm"]
    assert not rule.clear(1)
    rule.say((2, "gas_detector", "gas_alarm", 0))
    assert rule.clear(3)
