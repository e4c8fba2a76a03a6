"""An alarm beside a test flag is raised like any other and says so; a flag never takes anything away."""

import numpy as np
import pytest

from alerts.judging import trial
from alerts.judging.findings import Findings
from alerts.judging.fleet import Fleet
from core.catalogue import metrics
from core.model import Severity
from core.packed import READING

NOW = 1_764_000_000_000_000
BEFORE, AFTER = NOW - trial.BESIDE, NOW + trial.BESIDE


@pytest.fixture
def fleet():
    return Fleet.build([1], [(1, 1, "smoke_detector"), (2, 1, "gas_detector"), (3, 1, "climate_sensor")])


def flagged(fleet, at, value=1, device=1):
    rows = np.array([(at, device, metrics()["test"].id, 0, value)], READING)
    fleet.apply(rows, at, at)
    return fleet


def found(*devices, severity=Severity.EMERGENCY, at=NOW):
    rows = np.array(devices, np.int32)
    words = {"text_zh": "报警", "text_en": "alarm"}
    return Findings.of(
        np.zeros(len(rows)), np.full(len(rows), at), severity=severity, device=rows, evidence=lambda _: words
    )


@pytest.mark.parametrize(
    ("at", "marked"), [(BEFORE - 1, False), (BEFORE, True), (NOW, True), (AFTER, True), (AFTER + 1, False)]
)
def test_a_flag_within_a_minute_before_or_after_marks_the_alarm(fleet, at, marked):
    told = trial.show_tests(flagged(fleet, at), found(0))
    assert len(told) == 1, "it is raised"
    assert told.evidence(0).get("test", False) is marked
    assert told.evidence(0)["text_zh"] == "报警" + trial.ZH * marked
    assert told.evidence(0)["text_en"] == "alarm" + trial.EN * marked


@pytest.mark.parametrize("severity", Severity)
def test_only_what_calls_somebody_is_marked(fleet, severity):
    told = trial.show_tests(flagged(fleet, NOW), found(0, severity=severity))
    assert ("test" in told.evidence(0)) == (severity in (Severity.EMERGENCY, Severity.URGENT))


def test_of_two_findings_only_the_flagged_devices_is_marked_and_both_stay(fleet):
    told = trial.show_tests(flagged(fleet, NOW), found(0, 1))
    assert told.tested.tolist() == [True, False]
    assert ["test" in told.evidence(at) for at in range(2)] == [True, False]


def test_a_flag_that_is_off_marks_nothing_and_neither_does_a_fleet_without_any(fleet):
    alarm = found(0)
    assert trial.show_tests(flagged(fleet, NOW, value=0), alarm) is alarm
    nowhere = Fleet.build([1], [])
    assert trial.show_tests(nowhere, Findings.none()).tested is None
    assert len(trial.show_tests(fleet, found(-1))) == 1, "one that no single device showed"
