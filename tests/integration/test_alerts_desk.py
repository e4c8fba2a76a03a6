"""The duty desk: one operator gets an alert, the second a clear conflict; everything is on record."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from alerts.lifecycle.states import ALLOWED, Alert, Answered, step
from alerts.response.desk import Action, AlertConflict, AlertNotFound, act
from core.model import Disposition, Severity, State
from tests.registry import seed

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture
def registry(database):
    return seed(database.owner, homes=1, types=("sos_button",))


@pytest.fixture
def conn(database):
    with psycopg.connect(database.desk, autocommit=True) as conn:
        yield conn


@pytest.fixture
def alert(database, registry):
    with psycopg.connect(database.url("engine")) as engine:
        return engine.execute(
            "INSERT INTO alert (home_id, rule, severity, occurred_at, opened_at, last_at)"
            " VALUES (%s, 'sos', 'emergency', %s, %s, %s) RETURNING id",
            (registry.homes[0], NOW, NOW, NOW),
        ).fetchone()[0]


def row(conn, alert):
    columns = "state, handler_id, acknowledged_at, dispatched_at, resolved_at, disposition"
    return conn.execute(f"SELECT {columns} FROM alert WHERE id = %s", (alert,)).fetchone()


def history(conn, alert):
    query = "SELECT kind, account_id, note, data FROM alert_event WHERE alert_id = %s ORDER BY id"
    return conn.execute(query, (alert,)).fetchall()


def test_an_alert_goes_from_open_to_resolved_and_every_step_is_on_record(conn, registry, alert):
    one, two = registry.accounts["op1"], registry.accounts["op2"]
    act(conn, alert, Action.ACKNOWLEDGE, one, NOW, note="我来")
    act(conn, alert, Action.COMMENT, two, NOW)
    act(conn, alert, Action.DISPATCH, two, NOW + timedelta(minutes=1))
    act(
        conn, alert, Action.RESOLVE, one, NOW + timedelta(minutes=9), disposition=Disposition.REAL, note="已送医",
        take_over=True,
    )  # fmt: skip
    acknowledged, dispatched, resolved = (NOW + timedelta(minutes=minutes) for minutes in (0, 1, 9))
    assert row(conn, alert) == ("resolved", two, acknowledged, dispatched, resolved, "real")
    assert [(*line[:3], line[3].get("disposition")) for line in history(conn, alert)] == [
        ("acknowledged", one, "我来", None),
        ("comment", two, "", None),
        ("dispatched", two, "", None),
        ("resolved", one, "已送医", "real"),
    ]


def test_the_second_operator_who_claims_an_alert_learns_who_has_it(conn, registry, alert):
    act(conn, alert, Action.ACKNOWLEDGE, registry.accounts["op1"], NOW)
    with pytest.raises(AlertConflict) as conflict:
        act(conn, alert, Action.ACKNOWLEDGE, registry.accounts["op2"], NOW + timedelta(seconds=1))
    assert (conflict.value.state, conflict.value.handler, conflict.value.at) == (State.ACKNOWLEDGED, "测试·op1", NOW)
    assert len(history(conn, alert)) == 1


def test_two_claims_at_the_same_moment_give_one_handler_and_one_conflict(conn, database, registry, alert):
    with psycopg.connect(database.desk) as first:
        act(first, alert, Action.ACKNOWLEDGE, registry.accounts["op1"], NOW)  # commits: act's own transaction
    with pytest.raises(AlertConflict):
        act(conn, alert, Action.ACKNOWLEDGE, registry.accounts["op2"], NOW)
    assert row(conn, alert)[1] == registry.accounts["op1"]


def test_an_alert_outside_the_operators_area_is_not_found(conn, registry, alert):
    conn.execute("SET shouwang.area = 'elsewhere'")
    for action in Action:
        with pytest.raises(AlertNotFound):
            act(conn, alert, action, registry.accounts["op1"], NOW, disposition=Disposition.TEST)
    conn.execute("SET shouwang.area = 'qu.zhen'")
    act(conn, alert, Action.ACKNOWLEDGE, registry.accounts["op1"], NOW)


def test_resolving_without_a_disposition_is_refused_before_anything_is_written(conn, registry, alert):
    with pytest.raises(ValueError, match="disposition"):
        act(conn, alert, Action.RESOLVE, registry.accounts["op1"], NOW)
    assert row(conn, alert)[0] == "open"


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("action", Action)
def test_the_database_does_what_the_pure_lifecycle_says(conn, registry, alert, state, action):
    one, two = registry.accounts["op1"], registry.accounts["op2"]
    before = Alert(Severity.EMERGENCY, quiet_until=NOW + timedelta(days=1))
    conn.execute("UPDATE alert SET suppressed_by = 'goes_on', suppressed_until = %s", (before.quiet_until,))
    path = {
        State.OPEN: (), State.ACKNOWLEDGED: (Action.ACKNOWLEDGE,), State.DISPATCHED: (Action.DISPATCH,),
        State.RESOLVED: (Action.RESOLVE,),
    }[state]  # fmt: skip
    for earlier in path:
        act(conn, alert, earlier, one, NOW, disposition=Disposition.TEST)
        before = step(before, Answered(earlier, one, Disposition.TEST), NOW).alert
    later = NOW + timedelta(minutes=1)
    after = step(before, Answered(action, two, Disposition.REAL), later)
    try:
        act(conn, alert, action, two, later, disposition=Disposition.REAL)
        assert state in ALLOWED[action]
    except AlertConflict:
        assert after.refused
    assert row(conn, alert) == (
        after.alert.state, after.alert.handler, after.alert.acknowledged_at, after.alert.dispatched_at,
        after.alert.resolved_at, after.alert.disposition,
    )  # fmt: skip
    assert conn.execute("SELECT suppressed_until FROM alert").fetchone() == (after.alert.quiet_until,)
