"""Whatever findings and answers come in whatever order, an alert's life stays in order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.lifecycle.states import CALLS, Action, Alert, Answered, Due, EventKind, Found, Over, outcome, step, undo
from core.model import Disposition, Severity, State

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
VERDICTS = st.one_of(
    st.builds(Found, st.sampled_from(Severity), st.integers(1, 5), st.booleans(), st.booleans(), st.booleans()),
    st.builds(Over, st.booleans()),
    st.just(Due()),
    st.builds(
        Answered, st.sampled_from(Action), st.integers(1, 3), st.none() | st.sampled_from(Disposition), st.booleans()
    ),
)
ORDER = list(State)


ALERTS = st.builds(Alert, st.sampled_from(Severity), asks_since=st.just(NOW)) | st.builds(
    Alert, st.sampled_from(Severity), quiet_until=st.sampled_from([NOW, NOW + timedelta(minutes=6)])
)


@given(ALERTS, st.lists(VERDICTS, max_size=12))
def test_an_alert_only_moves_forward_and_never_gets_milder_or_quiet(alert, verdicts):
    for minute, verdict in enumerate(verdicts):
        result = step(alert, verdict, NOW + timedelta(minutes=minute))
        after = result.alert
        assert ORDER.index(after.state) >= ORDER.index(alert.state)
        assert after.severity.rank <= alert.severity.rank
        assert after.count >= alert.count
        assert after.quiet_until in {alert.quiet_until, None}, "nothing that is aloud is made quiet"
        assert (after.state is State.RESOLVED) == (after.disposition is not None) == (after.resolved_at is not None)
        assert result.reason
        if after.state is State.RESOLVED or after.quiet_until:
            assert after.asks_since is None, "what is closed or only shown asks for nobody"
        if after.state is State.OPEN and not after.quiet_until:
            assert after.asks_since, "what nobody has answered asks"
        if after.resolved_by is not None:
            assert after.acknowledged_at, "closing counts as answering"
        assert (after == alert) or result.events, "no change without an entry in the history"
        if alert.state is State.RESOLVED:
            assert after == alert
        alert = after


@given(ALERTS, st.lists(VERDICTS, max_size=12))
def test_only_a_person_ends_an_alert_unless_its_rule_says_so_or_it_is_only_shown(alert, verdicts):
    for verdict in verdicts:
        after = step(alert, verdict, NOW).alert
        if after.state is State.RESOLVED and alert.state is not State.RESOLVED and not isinstance(verdict, Answered):
            assert verdict == Over(ends=True) or alert.quiet_until
            assert after.disposition is Disposition.RECOVERED
        alert = after


@given(ALERTS, st.lists(VERDICTS, max_size=12))
def test_who_knows_only_how_an_alert_stands_is_told_what_its_row_records(alert, verdicts):
    """As the engine asks, which has no row in hand."""
    late = NOW + timedelta(hours=1)  # whatever was to be quiet until then is due
    for verdict in verdicts:
        done = step(alert, verdict, late)
        if alert.state is not State.RESOLVED and not isinstance(verdict, Answered):
            told = outcome(alert.open, verdict)
            assert (told.events, told.reason) == (done.events, done.reason)
            if told.asks:
                assert done.alert.asks_since
        alert = done.alert


def test_what_merely_goes_on_leaves_no_entry():
    assert step(Alert(Severity.URGENT), Found(Severity.URGENT, again=False), NOW).refused


def test_an_alert_that_comes_back_says_so_and_is_not_over_any_more():
    over = step(Alert(Severity.URGENT), Over(), NOW)
    assert (over.events, over.alert.cleared_at) == ((EventKind.CLEARED,), NOW)
    back = step(over.alert, Found(Severity.EMERGENCY, again=False), NOW)
    assert (back.events, back.alert.cleared_at) == ((EventKind.RETURNED, EventKind.SEVERITY), None)


def test_what_is_only_shown_is_aloud_when_it_gets_worse_when_another_device_shows_it_and_when_its_time_is_up():
    shown = Alert(Severity.ATTENTION, quiet_until=NOW)
    assert step(shown, Found(Severity.ATTENTION), NOW).refused
    assert step(shown, Due(), NOW - timedelta(seconds=1)).refused
    assert step(shown, Due(), NOW).events == (EventKind.UNSUPPRESSED,)
    worse = step(shown, Found(Severity.URGENT), NOW)
    assert (worse.events, worse.alert.quiet_until) == ((EventKind.SEVERITY, EventKind.UNSUPPRESSED), None)
    assert step(shown, Found(Severity.ATTENTION, other=True), NOW).events == (EventKind.UNSUPPRESSED,)


def test_what_is_only_shown_ends_with_its_condition_and_taking_it_makes_it_an_alert_like_any_other():
    shown = Alert(Severity.URGENT, quiet_until=NOW)
    over = step(shown, Over(), NOW)
    assert (over.events, over.alert.disposition) == ((EventKind.CLEARED, EventKind.RESOLVED), Disposition.RECOVERED)
    taken = step(shown, Answered(Action.ACKNOWLEDGE, 1), NOW).alert
    assert taken.quiet_until is None
    assert step(taken, Over(), NOW).events == (EventKind.CLEARED,)


def answered(severity):
    return step(Alert(severity, asks_since=NOW), Answered(Action.ACKNOWLEDGE, 1), NOW).alert


@pytest.mark.parametrize("severity", Severity)
def test_what_was_answered_and_is_found_again_asks_again_where_somebody_may_be_calling(severity):
    again = step(answered(severity), Found(severity), NOW + MINUTE)
    assert again.events == (EventKind.RAISED,)
    assert again.alert.asks_since == (NOW + MINUTE if severity in CALLS else None)
    back = step(step(answered(severity), Over(), NOW).alert, Found(severity, again=False), NOW + MINUTE)
    assert back.events == (EventKind.RETURNED,)
    assert back.alert.asks_since == (NOW + MINUTE if severity in CALLS else None)


def test_a_condition_that_merely_goes_on_is_on_record_and_asks_nobody():
    again = step(answered(Severity.EMERGENCY), Found(Severity.EMERGENCY, goes_on=True), NOW + MINUTE)
    assert (again.events, again.alert.asks_since) == ((EventKind.RAISED,), None)


def test_what_gets_worse_asks_again_whatever_it_is():
    worse = step(answered(Severity.MAINTENANCE), Found(Severity.CONCERN), NOW).alert
    assert worse.asks_since is None
    assert step(worse, Found(Severity.ATTENTION, again=False), NOW + MINUTE).alert.asks_since == NOW + MINUTE


def test_a_second_cry_can_be_claimed_by_somebody_else_and_whoever_is_on_the_way_stays_so():
    sent = step(answered(Severity.EMERGENCY), Answered(Action.DISPATCH, 1), NOW).alert
    assert step(sent, Answered(Action.ACKNOWLEDGE, 2), NOW).refused
    cries = step(sent, Found(Severity.EMERGENCY), NOW + MINUTE).alert
    taken = step(cries, Answered(Action.ACKNOWLEDGE, 2), NOW + 2 * MINUTE).alert
    assert (taken.state, taken.handler, taken.asks_since) == (State.DISPATCHED, 2, None)
    assert (taken.acknowledged_at, taken.dispatched_at) == (NOW, NOW), "how fast the first answer was stays on record"


def test_closing_what_somebody_else_has_is_asked_first():
    held = answered(Severity.URGENT)
    assert step(held, Answered(Action.RESOLVE, 2, Disposition.REAL), NOW).refused
    closed = step(held, Answered(Action.RESOLVE, 2, Disposition.REAL, take_over=True), NOW).alert
    assert (closed.handler, closed.resolved_by) == (1, 2)
    assert not step(held, Answered(Action.RESOLVE, 1, Disposition.REAL), NOW).refused


def test_closing_without_taking_it_counts_as_answered_then():
    closed = step(Alert(Severity.URGENT, asks_since=NOW), Answered(Action.RESOLVE, 1, Disposition.TEST), NOW).alert
    assert (closed.acknowledged_at, closed.handler, closed.resolved_by) == (NOW, 1, 1)


@given(ALERTS, st.lists(VERDICTS, max_size=6), st.sampled_from([Action.ACKNOWLEDGE, Action.DISPATCH, Action.RESOLVE]))
def test_a_step_that_is_taken_back_at_once_leaves_the_alert_as_it_was(alert, verdicts, action):
    for verdict in verdicts:
        alert = step(alert, verdict, NOW).alert
    done = step(alert, Answered(action, 1, Disposition.REAL), NOW)
    if not done.refused and not (alert.quiet_until and alert.cleared_at):
        assert undo(done.alert, alert, NOW) == alert


@given(
    ALERTS, st.sampled_from([Action.ACKNOWLEDGE, Action.DISPATCH]), st.builds(Found, st.sampled_from(Severity)),
    st.booleans(),
)  # fmt: skip
def test_what_is_found_between_a_step_and_its_undoing_is_not_lost(alert, action, found, over):
    since = step(step(alert, Answered(action, 1), NOW).alert, found, NOW + MINUTE).alert
    since = step(since, Over(), NOW + MINUTE).alert if over else since
    after = undo(since, alert, NOW + 2 * MINUTE)
    assert (after.severity, after.count, after.cleared_at) == (since.severity, since.count, since.cleared_at)
    assert after.state is alert.state
    if since.asks_since or alert.asks_since:
        assert after.asks_since
        assert after.quiet_until is None, "what asks is aloud"
    assert after.quiet_until or after.asks_since, "it is shown until its condition is over, or it asks"
