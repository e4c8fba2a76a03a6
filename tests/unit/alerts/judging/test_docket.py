"""The docket decides what a finding means: new, worse, back again, or nothing; and when a condition is over."""

from datetime import timedelta

import numpy as np
import pytest

from alerts.judging.docket import AT_ONCE, Docket
from alerts.judging.entries import Standing
from alerts.judging.findings import Findings
from alerts.lifecycle.states import EventKind
from core.model import Disposition, Severity

MINUTE = 60_000_000
HOMES = 10_000
NOW = 1_000 * MINUTE


def found(
    *homes: int, severity=Severity.URGENT, clear=None, evidence=lambda position: {"position": position}
) -> Findings:
    rows = np.array(homes, np.int32)
    return Findings.of(rows, np.full(len(rows), NOW), severity=severity, evidence=evidence, clear=clear)


@pytest.fixture
def docket() -> Docket:
    return Docket.empty("rule", timedelta(minutes=2), HOMES)


def tick(docket: Docket, findings: Findings, now: int = NOW):
    raises = list(docket.ticked(findings, now))
    for one in raises:
        docket.written(one, int(docket.alert[one.home]) or one.home + 100)
    docket.note_clear(findings, now)
    return raises, list(docket.ripe(now))


def everywhere_but(*homes: int):
    clear = np.ones(HOMES, bool)
    clear[list(homes)] = False
    return clear


def test_a_condition_that_goes_on_is_raised_once(docket):
    assert [one.reason for one in tick(docket, found(1, 2))[0]] == ["new", "new"]
    assert tick(docket, found(1, 2))[0] == []


def test_several_findings_in_a_home_are_one_alert_that_shows_the_worst(docket):
    severities = [Severity.ATTENTION, Severity.EMERGENCY, Severity.URGENT]
    (one,) = docket.observed(found(3, 3, 3, severity=severities), NOW)
    assert (one.times, one.severity, one.evidence) == (3, Severity.EMERGENCY, {"position": 1})


def test_milder_findings_never_lower_the_severity(docket):
    tick(docket, found(1, severity=Severity.EMERGENCY))
    assert tick(docket, found(1, severity=Severity.CONCERN))[0] == []
    (again,) = docket.observed(found(1, severity=Severity.CONCERN), NOW)
    docket.written(again, 101)
    assert docket.rank[1] == Severity.EMERGENCY.rank


def test_it_must_stay_clear_for_the_whole_time(docket):
    tick(docket, found(1, clear=everywhere_but(1)))
    for minute, clear in ((1, True), (2, False), (3, True), (4, True)):
        findings = Findings.none(clear=everywhere_but() if clear else everywhere_but(1))
        assert tick(docket, findings, NOW + minute * MINUTE)[1] == []
    (close,) = tick(docket, Findings.none(clear=everywhere_but()), NOW + 5 * MINUTE)[1]
    assert (close.home, close.alert_id, close.events) == (1, 101, (EventKind.CLEARED,))
    (back,) = tick(docket, found(1, clear=everywhere_but(1)), NOW + 6 * MINUTE)[0]
    assert back.events == (EventKind.RETURNED,)


def test_a_rule_that_says_nothing_of_clear_never_ends_by_itself(docket):
    tick(docket, found(1))
    for minute in range(100):
        assert tick(docket, Findings.none(), NOW + minute * MINUTE)[1] == []


@pytest.mark.parametrize(
    ("severity", "disposition", "minutes"),
    [
        (Severity.URGENT, Disposition.FALSE_ALARM, 30),
        (Severity.EMERGENCY, Disposition.REAL, 30),
        (Severity.URGENT, Disposition.DEVICE_FAULT, 30),
        (Severity.MAINTENANCE, Disposition.REAL, 24 * 60),
    ],
)
def test_what_was_resolved_and_still_holds_is_quiet_for_a_while_and_not_forgotten(
    docket, severity, disposition, minutes
):
    tick(docket, found(1, severity=severity))
    docket.resolved(Standing(101, 1, severity, False, -1, NOW, disposition))
    assert tick(docket, found(1, severity=severity), NOW + (minutes - 1) * MINUTE)[0] == []
    assert len(tick(docket, found(1, severity=severity), NOW + (minutes + 1) * MINUTE)[0]) == 1


def test_what_was_over_when_it_was_resolved_is_new_at_once(docket):
    tick(docket, found(1))
    docket.resolved(Standing(101, 1, Severity.URGENT, True, -1, NOW, Disposition.REAL))
    assert len(tick(docket, found(1), NOW + MINUTE)[0]) == 1


@pytest.mark.parametrize(("lasting", "raised"), [(False, 1), (True, 0)])
def test_an_event_is_new_the_moment_its_alert_was_resolved_but_a_lasting_condition_is_not(docket, lasting, raised):
    docket.clear_after = 2 * MINUTE if lasting else None
    (one,) = docket.observed(found(1), NOW)
    docket.written(one, 101)
    docket.resolved(Standing(101, 1, Severity.URGENT, False, -1, NOW, Disposition.TEST))
    assert len(list(docket.observed(found(1), NOW + MINUTE))) == raised


def test_the_end_of_an_older_alert_does_not_touch_the_newer(docket):
    tick(docket, found(1))
    docket.resolved(Standing(7, 1, Severity.URGENT, False, -1, NOW, Disposition.TEST))
    assert docket.alert[1] == 101


def test_an_alert_is_raised_even_when_its_evidence_fails(docket, caplog):
    def fails(position: int):
        raise RuntimeError("a bug")

    (one,), _ = tick(docket, found(1, evidence=fails))
    assert one.evidence["text_zh"]
    assert "evidence failed" in caplog.text


def test_a_thousand_alerts_at_once_come_in_bounded_steps_the_worst_first(docket):
    many = AT_ONCE + 500
    severity = [Severity.MAINTENANCE] * many
    severity[-1] = Severity.EMERGENCY
    first, _ = tick(docket, found(*range(many), severity=severity))
    assert len(first) == AT_ONCE
    assert many - 1 in {one.home for one in first}
    assert len(tick(docket, found(*range(many), severity=severity))[0]) == 500
    assert tick(docket, found(*range(many), severity=severity))[0] == []
