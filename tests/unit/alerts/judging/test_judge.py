"""All rules over one fleet: one that fails stops no other, and what is written is known under its id."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from alerts.judging.fleet import Fleet
from alerts.judging.judge import FAILED_FOR, Judge
from alerts.lifecycle.rows import AlertRow, Recorded
from alerts.lifecycle.states import EventKind
from alerts.rules import discover
from core.catalogue import metrics
from core.clock import MINUTE, SECOND, micros, to_datetime
from core.model import Disposition, Severity, State
from core.packed import READING

NOW = 1_764_000_000_000_000
TYPES = {1: "sos_button", 2: "gas_detector", 3: "smoke_detector", 4: "gas_detector"}
HOMES = {1: 101, 2: 101, 3: 101, 4: 102}


def fail(*_):
    raise ZeroDivisionError("a bug in a rule")


@pytest.fixture
def judge():
    fleet = Fleet.build([101, 102], [(device, HOMES[device], code) for device, code in TYPES.items()])
    return Judge.new(fleet, discover())


def with_rule(judge, name, **changes):
    """The same judge with another body of one rule."""
    return Judge.new(judge.fleet, {**judge.rules, name: replace(judge.rules[name], **changes)})


def heard(judge, *said, at=NOW):
    """The batch of (device, metric, value) said in one instant, which the fleet has taken up."""
    rows = [(at, device, metrics()[metric].id, 0, value) for device, metric, value in said]
    return judge.fleet.apply(np.array(rows, READING), at, at)


def row(rule="gas", home=101, **changes):
    """An alert as the database has it: of the detector, opened a minute ago and not answered."""
    usual = {
        "alert_id": 7, "home_id": home, "device_id": 2, "rule": rule, "severity": Severity.EMERGENCY,
        "state": State.OPEN, "cleared": False, "resolved_at": None, "disposition": None,
        "since": to_datetime(NOW - MINUTE), "steps": 0, "answered": None, "suppressed_until": None,
    }  # fmt: skip
    return AlertRow(**usual | changes)


def test_each_cry_in_a_batch_is_raised_for_its_home_and_device(judge):
    raised = judge.observe(heard(judge, (1, "sos", 1), (4, "gas", 40), (3, "battery", 90)))
    assert [(one.rule, one.home, one.device, one.severity) for one in raised] == [
        ("gas", 1, 3, Severity.EMERGENCY), ("sos", 0, 0, Severity.EMERGENCY),
    ]  # fmt: skip


@pytest.mark.parametrize("broken", ["gas", "battery_low", "fall"])
def test_a_rule_that_fails_stops_no_other_and_is_told_for_ten_minutes(judge, broken, caplog):
    judge = with_rule(judge, broken, observe=fail, tick=fail)
    raised = judge.observe(heard(judge, (1, "sos", 1), (2, "gas", 40), (3, "smoke", 1), (2, "battery", 3)))
    found, _ = judge.tick(NOW + SECOND)
    assert {"sos", "fire"} <= {one.rule for one in raised}
    assert broken not in {one.rule for one in [*raised, *found]}
    if broken != "fall":  # of which nothing was said
        assert f"rule {broken} failed and is left out of this step" in caplog.text
    said = judge.failed_rules(NOW + SECOND + micros(FAILED_FOR) - 1)
    assert said == [broken]
    assert judge.failed_rules(NOW + SECOND + micros(FAILED_FOR)) == []


def test_a_rule_that_fails_in_a_tick_keeps_what_stands_open_open(judge):
    judge = with_rule(judge, "gas", tick=fail)
    judge.recall([row()])
    for minutes in (1, 5, 10, 600):
        _, over = judge.tick(NOW + minutes * MINUTE)
        assert [one for one in over if one.rule == "gas"] == [], "nobody said that the gas is gone"


def test_what_was_written_is_added_to_and_not_opened_twice(judge):
    [first] = judge.observe(heard(judge, (2, "gas", 40)))
    [(same, recorded)] = judge.written([first], [Recorded(70, 101, "gas", True)])
    assert (same, recorded.alert_id) == (first, 70)
    [again] = judge.observe(heard(judge, (2, "gas", 45), at=NOW + SECOND))
    assert again.events == (EventKind.RAISED,)
    assert judge.dockets["gas"].alert.tolist() == [70, 0]


def test_ids_go_to_whom_they_are_of_whatever_order_the_database_gives_them_in(judge):
    raised = judge.observe(heard(judge, (2, "gas", 40), (4, "gas", 40), (1, "sos", 1)))
    opened = [Recorded(3, 102, "gas", True), Recorded(1, 101, "sos", True), Recorded(2, 101, "gas", True)]
    judge.written(raised, opened)
    assert judge.dockets["gas"].alert.tolist() == [2, 3]
    assert judge.dockets["sos"].alert.tolist() == [1, 0]


def test_after_a_restart_what_stands_open_is_not_raised_anew_and_ends_when_it_is_over(judge):
    judge.recall([row()])
    assert [one.rule for one in judge.observe(heard(judge, (2, "gas", 0)))] == []
    ends = [one for minute in range(7) for one in judge.tick(NOW + minute * MINUTE)[1] if one.rule == "gas"]
    assert [(one.alert_id, one.events) for one in ends] == [(7, (EventKind.CLEARED,))]


def test_after_a_restart_what_was_answered_and_holds_is_quiet_for_its_pause_and_then_raised(judge):
    answered = row(state=State.RESOLVED, resolved_at=to_datetime(NOW), disposition=Disposition.REAL)
    judge.recall([answered])
    assert judge.observe(heard(judge, (2, "gas", 40), at=NOW + MINUTE)) == []
    [again] = judge.observe(heard(judge, (2, "gas", 40), at=NOW + 31 * MINUTE))
    assert (again.rule, again.events) == ("gas", (EventKind.RAISED,))


def test_alerts_of_homes_and_rules_that_are_gone_are_left_alone(judge):
    judge.recall([row(home=999), row(rule="of_an_older_version"), row(device_id=None), row(device_id=999)])
    assert judge.dockets["gas"].alert.tolist() == [7, 0]


def test_a_rules_memory_is_rebuilt_from_what_is_stored_and_raises_nothing(judge):
    seen = []

    def observe(_fleet, batch, _params):
        seen.extend(batch.value.tolist())
        return discover()["gas"].observe(judge.fleet, batch, discover()["gas"].params)

    judge = with_rule(judge, "gas", observe=observe)
    stored = np.array(
        [(NOW - ago * MINUTE, 2, metrics()["gas"].id, 0, value) for ago, value in [(90, 40.0), (30, 41.0)]], READING
    )
    judge.replay(judge.fleet.apply(stored, NOW, NOW), {"gas": NOW - 60 * MINUTE})
    assert seen == [41.0]
    assert judge.dockets["gas"].alert.tolist() == [0, 0]
    assert not judge.dockets["gas"].active.any()


def test_a_rule_that_fails_over_its_history_leaves_the_others_theirs(judge, caplog):
    judge = with_rule(judge, "co", observe=fail)
    judge.replay(heard(judge, (2, "gas", 40)), {"co": 0, "gas": 0})
    assert judge.failed_rules(NOW) == []
    judge = with_rule(judge, "gas", observe=fail)
    judge.replay(heard(judge, (2, "gas", 40)), {"gas": 0})
    assert judge.failed_rules(NOW) == ["gas"]
    assert timedelta() < FAILED_FOR


def test_what_a_tick_measures_anew_is_told_by_alert(judge):
    fleet = Fleet.build([101], [(5, 101, "climate_sensor")])
    judge = Judge.new(fleet, discover())
    judge.recall([row(rule="room_temperature", severity=Severity.ATTENTION, device_id=5)])
    heard(judge, (5, "temperature", 10.0), at=NOW - 40 * MINUTE)
    judge.observe(heard(judge, (5, "temperature", 9.0), at=NOW))
    judge.observe(heard(judge, (5, "temperature", 8.0), at=NOW + 31 * MINUTE))
    judge.tick(NOW + 32 * MINUTE)
    assert judge.moved() == {7: 8.0}
    judge.tick(NOW + 33 * MINUTE)
    assert judge.moved() == {}, "the same value is not told again"
