"""A step back: an entry like any other, refused when it is too late, somebody else's, or somebody has acted since."""

import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from alerts.lifecycle.states import EventKind
from alerts.response.desk import Action, AlertConflict, AlertNotFound, UndoRefusal, UndoRefused, act, undo
from alerts.response.store import alerts as store
from core.model import Disposition, State
from tests.registry import seed

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
STANDS = (
    "SELECT state, handler_id, acknowledged_at, dispatched_at, resolved_at, resolved_by_id, disposition, asks_since,"
    " suppressed_by, suppressed_until FROM alert WHERE id = %s"
)
REAL = {"disposition": Disposition.REAL}


@pytest.fixture
def registry(database):
    return seed(database.owner, homes=1, types=("sos_button",))


@pytest.fixture
def conn(database):
    with psycopg.connect(database.desk, autocommit=True) as conn:
        yield conn


@pytest.fixture
def engine(database):
    with psycopg.connect(database.url("engine"), autocommit=True) as engine:
        yield engine


@pytest.fixture
def one(registry):
    return registry.accounts["op1"]


@pytest.fixture
def two(registry):
    return registry.accounts["op2"]


def record(registry, at=NOW, **more):
    return {
        "home_id": registry.homes[0], "rule": "sos", "severity": "emergency", "occurred_at": at, "opened_at": at,
        "last_at": at, "count": 1, "score": 1, "late": False, "evidence": {}, "episode_at": at, "asks_since": at,
        **more,
    }  # fmt: skip


def raised(engine, registry, at=NOW, **more):
    with engine.transaction():
        [opened] = store.write_raises(engine, [record(registry, at, **more)])
        kind = EventKind.OPENED if opened.inserted else EventKind.RAISED
        store.add_events(engine, [store.Event(opened.alert_id, at, kind)])
    return opened.alert_id


@pytest.fixture
def alert(engine, registry):
    return raised(engine, registry)


def stands(conn, alert):
    return conn.execute(STANDS, (alert,)).fetchone()


def newest(conn, alert):
    return conn.execute("SELECT max(id) FROM alert_event WHERE alert_id = %s", (alert,)).fetchone()[0]


def told(conn, alert):
    return [row[0] for row in conn.execute("SELECT kind FROM alert_event WHERE alert_id = %s ORDER BY id", (alert,))]


def refused(conn, alert, event, who, at):
    with pytest.raises(UndoRefused) as refusal:
        undo(conn, alert, event, who, at)
    return refusal.value


@pytest.mark.parametrize("earlier", [(), (Action.ACKNOWLEDGE,), (Action.ACKNOWLEDGE, Action.DISPATCH)])
@pytest.mark.parametrize("action", [Action.ACKNOWLEDGE, Action.DISPATCH, Action.RESOLVE])
def test_a_step_back_leaves_the_alert_as_it_was_and_both_on_record(conn, engine, registry, alert, one, earlier, action):
    for step in earlier:
        act(conn, alert, step, one, NOW)
    if action is Action.ACKNOWLEDGE and earlier:
        raised(engine, registry, NOW + SECOND)
    elif action in earlier:
        with pytest.raises(AlertConflict):
            act(conn, alert, action, one, NOW)
        return
    before = stands(conn, alert)
    act(conn, alert, action, one, NOW + 2 * SECOND, **REAL)
    assert stands(conn, alert) != before
    step = newest(conn, alert)
    undo(conn, alert, step, one, NOW + 30 * SECOND)
    assert stands(conn, alert) == before
    assert told(conn, alert)[-2:] == [
        {"acknowledge": "acknowledged", "dispatch": "dispatched", "resolve": "resolved"}[action], "undone",
    ]  # fmt: skip
    data = conn.execute("SELECT data FROM alert_event WHERE kind = 'undone'").fetchone()[0]
    assert data == {"step": told(conn, alert)[-2], "event": step}
    assert refused(conn, alert, step, one, NOW + 30 * SECOND).reason is UndoRefusal.ACTED_SINCE


def test_what_was_only_shown_is_only_shown_again_unless_it_asks_by_now(conn, engine, registry, alert, one):
    week = NOW + timedelta(days=7)
    engine.execute(
        "UPDATE alert SET suppressed_by = 'goes_on', suppressed_until = %s, asks_since = NULL, severity = 'urgent'",
        (week,),
    )
    before = stands(conn, alert)
    for _ in range(2):
        act(conn, alert, Action.ACKNOWLEDGE, one, NOW)
        undo(conn, alert, newest(conn, alert), one, NOW)
        assert stands(conn, alert) == before
    act(conn, alert, Action.ACKNOWLEDGE, one, NOW)
    step = newest(conn, alert)
    raised(engine, registry, NOW + SECOND)
    undo(conn, alert, step, one, NOW + 2 * SECOND)
    assert stands(conn, alert)[0] == "open"
    assert stands(conn, alert)[7:] == (NOW + SECOND, None, None)


def test_what_was_only_shown_and_is_over_since_asks(conn, engine, alert, one):
    engine.execute(
        "UPDATE alert SET suppressed_by = 'goes_on', suppressed_until = %s, asks_since = NULL", (NOW + 60 * SECOND,)
    )
    act(conn, alert, Action.ACKNOWLEDGE, one, NOW)
    step = newest(conn, alert)
    assert store.write_closes(engine, [alert], NOW + SECOND) == {alert}
    undo(conn, alert, step, one, NOW + 2 * SECOND)
    assert stands(conn, alert)[7:] == (NOW + 2 * SECOND, None, None)
    assert conn.execute("SELECT cleared_at FROM alert").fetchone() == (NOW + SECOND,)


def test_only_ones_own_newest_step_can_be_taken_back_and_not_for_long(conn, alert, one, two):
    act(conn, alert, Action.ACKNOWLEDGE, one, NOW)
    step = newest(conn, alert)
    for reason, who, at in ((UndoRefusal.NOT_YOURS, two, NOW), (UndoRefusal.TOO_LATE, one, NOW + 31 * SECOND)):
        refusal = refused(conn, alert, step, who, at)
        assert (refusal.reason, refusal.state, refusal.handler, refusal.at) == (
            reason, State.ACKNOWLEDGED, "测试·op1", NOW,
        )  # fmt: skip
    act(conn, alert, Action.COMMENT, two, NOW, note="电话已打")
    act(conn, alert, Action.DISPATCH, two, NOW + SECOND)
    refusal = refused(conn, alert, step, one, NOW + 2 * SECOND)
    assert (refusal.reason, refusal.state, refusal.handler, refusal.at) == (
        UndoRefusal.ACTED_SINCE, State.DISPATCHED, "测试·op2", NOW + SECOND,
    )  # fmt: skip
    for nothing in (step + 1, 10**9, conn.execute("SELECT min(id) FROM alert_event").fetchone()[0]):
        with pytest.raises(AlertNotFound):
            undo(conn, alert, nothing, two, NOW + 2 * SECOND)
    last = newest(conn, alert)
    conn.execute("SET shouwang.area = 'elsewhere'")
    with pytest.raises(AlertNotFound):
        undo(conn, alert, last, two, NOW + 2 * SECOND)


def test_a_colleagues_remark_does_not_keep_a_step_from_being_taken_back(conn, alert, one, two):
    act(conn, alert, Action.RESOLVE, one, NOW, **REAL)
    step = newest(conn, alert)
    act(conn, alert, Action.COMMENT, two, NOW, note="？")
    undo(conn, alert, step, one, NOW + SECOND)
    assert stands(conn, alert)[0] == "open"


def test_a_closed_alert_that_has_a_successor_stays_closed(conn, engine, registry, alert, one):
    act(conn, alert, Action.RESOLVE, one, NOW, **REAL)
    step, before = newest(conn, alert), stands(conn, alert)
    successor = raised(engine, registry, NOW + SECOND)
    assert successor != alert
    refusal = refused(conn, alert, step, one, NOW + 2 * SECOND)
    assert (refusal.reason, refusal.state, refusal.handler, refusal.at) == (
        UndoRefusal.REOPENED, State.OPEN, None, NOW + SECOND,
    )  # fmt: skip
    assert stands(conn, alert) == before
    assert told(conn, alert) == ["opened", "resolved"]


def test_what_the_engine_closed_since_stays_closed(conn, engine, alert, one):
    act(conn, alert, Action.ACKNOWLEDGE, one, NOW)
    step = newest(conn, alert)
    assert store.write_ends(engine, [alert], NOW + SECOND, ["sos"]) == {alert}
    store.add_events(engine, [store.Event(alert, NOW + SECOND, EventKind.RESOLVED)])
    refusal = refused(conn, alert, step, one, NOW + 2 * SECOND)
    assert (refusal.reason, refusal.state, refusal.handler) == (UndoRefusal.ACTED_SINCE, State.RESOLVED, None)


def at_once(database, *calls):
    """Every call in a thread and on a connection of its own, all at the same moment; their exceptions or None."""
    gate, answers = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number, call):
        with psycopg.connect(database.desk, autocommit=True) as conn:
            gate.wait()
            try:
                answers[number] = calls[number](conn)
            except (AlertConflict, AlertNotFound) as error:
                answers[number] = error

    threads = [threading.Thread(target=run, args=(number, call)) for number, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return answers


def test_of_an_undo_and_whatever_comes_at_the_same_moment_exactly_one_is_done(
    conn, engine, database, registry, one, two
):
    """Two undos; an undo and a colleague's step: in whatever order, history and row agree."""
    for turn in range(12):
        at = NOW + turn * timedelta(minutes=1)
        alert = raised(engine, registry, at)
        act(conn, alert, Action.ACKNOWLEDGE, one, at)
        step = newest(conn, alert)
        answers = at_once(
            database,
            lambda c, a=alert, s=step, t=at: undo(c, a, s, one, t),
            lambda c, a=alert, s=step, t=at: undo(c, a, s, one, t),
            lambda c, a=alert, t=at: act(c, a, Action.DISPATCH, two, t),
        )
        assert answers[:2] != [None, None]
        for error in answers[:2]:
            assert error is None or error.reason is UndoRefusal.ACTED_SINCE
        assert answers[2] is None, "open or acknowledged, somebody can be sent"
        steps = told(conn, alert)[2:]
        assert steps == (["undone", "dispatched"] if None in answers[:2] else ["dispatched"])
        assert stands(conn, alert)[:2] == ("dispatched", two)
        act(conn, alert, Action.RESOLVE, two, at, **REAL)


def test_of_undoing_an_end_and_a_new_cry_neither_is_lost(conn, engine, database, registry, one):
    for turn in range(12):
        at = NOW + turn * timedelta(minutes=1)
        alert = raised(engine, registry, at)
        act(conn, alert, Action.RESOLVE, one, at, **REAL)
        step = newest(conn, alert)
        undone, opened = at_once(
            database,
            lambda c, a=alert, s=step, t=at: undo(c, a, s, one, t),
            lambda _, t=at: raised(engine, registry, t + SECOND),
        )
        open_now = conn.execute("SELECT id, asks_since IS NOT NULL, count FROM alert WHERE state = 'open'").fetchall()
        if undone is None:
            assert (opened, open_now) == (alert, [(alert, True, 2)]), "the cry was added to the alert that is back"
        else:
            assert undone.reason is UndoRefusal.REOPENED
            assert open_now == [(opened, True, 1)]
        act(conn, opened, Action.RESOLVE, one, at, **REAL)
