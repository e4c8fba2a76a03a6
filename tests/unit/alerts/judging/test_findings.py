"""Findings are columns; what is usual is filled in, and what they measure keeps the worst."""

import numpy as np
import pytest

from alerts.judging.findings import Findings, Measured, measured
from core.model import Severity


def found(*homes, severity=Severity.URGENT, **more):
    return Findings.of(np.array(homes), np.arange(len(homes)), severity=severity, **more)


def test_what_is_usual_is_filled_in():
    usual = found(3, 1)
    assert (usual.device.tolist(), usual.score.tolist(), usual.late.tolist()) == ([-1, -1], [1, 1], [False, False])
    assert (usual.clear, usual.value, usual.tested, usual.evidence(0)) == (None, None, None, {})
    assert len(Findings.none()) == 0


def test_two_of_one_call_stand_beside_each_other_each_with_its_own_words_and_severity():
    level = found(1, 2, evidence=lambda position: {"level": position}, clear=np.array([True, False, False]))
    alarm = found(2, severity=Severity.EMERGENCY, evidence=lambda position: {"alarm": position}, late=True)
    both = level.beside(alarm)
    assert both.home.tolist() == [1, 2, 2]
    assert [both.severity_of(at) for at in range(3)] == [Severity.URGENT, Severity.URGENT, Severity.EMERGENCY]
    assert [both.evidence(at) for at in range(3)] == [{"level": 0}, {"level": 1}, {"alarm": 0}]
    assert (both.late.tolist(), both.clear.tolist()) == ([False, False, True], [True, False, False])
    assert level.beside(found()) is level


@pytest.mark.parametrize(
    ("values", "limit", "told"),
    [([12, 40, 20], 10, Measured(20, 40)), ([80, 60, 75], 91, Measured(75, 60)), ([10], 10, Measured(10, 10))],
)
def test_the_worst_is_on_the_side_of_the_limit_where_the_danger_lies(values, limit, told):
    shown = [{"metric": "gas", "value": value, "limit": limit} for value in values]
    assert measured(shown[0], shown) == told


def test_what_names_no_limit_measures_nothing_and_another_metrics_value_is_not_compared():
    assert measured({"value": 1}, [{"value": 1}]) is None
    assert measured({"limit": 1}, [{"limit": 1}]) is None
    gas, alarm = {"metric": "gas", "value": 12, "limit": 10}, {"metric": "gas_alarm", "value": 99}
    assert measured(gas, [alarm, gas]) == Measured(12, 12)
