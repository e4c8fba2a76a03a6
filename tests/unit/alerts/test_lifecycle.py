"""Whatever findings and answers come in whatever order, an alert's life stays in order."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.lifecycle import Action, Alert, Answer, Due, Found, Kind, Over, step
from core.model import Disposition, Severity, State

NOW = datetime(2026, 3, 1, tzinfo=UTC)
VERDICTS = st.one_of(
    st.builds(Found, st.sampled_from(Severity), st.integers(1, 5), st.booleans(), st.booleans()),
    st.just(Over()),
    st.just(Due()),
    st.builds(Answer, st.sampled_from(Action), st.integers(1, 3), st.none() | st.sampled_from(Disposition)),
)
ORDER = list(State)


ALERTS = st.builds(
    Alert, st.sampled_from(Severity), quiet_until=st.sampled_from([None, NOW, NOW + timedelta(minutes=6)])
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
        assert (after == alert) or result.events, "no change without an entry in the history"
        if alert.state is State.RESOLVED:
            assert after == alert
        alert = after


@given(ALERTS, st.lists(VERDICTS, max_size=12))
def test_only_a_person_ends_an_alert_unless_it_is_maintenance_or_only_shown(alert, verdicts):
    for verdict in verdicts:
        after = step(alert, verdict, NOW).alert
        if after.state is State.RESOLVED and alert.state is not State.RESOLVED and not isinstance(verdict, Answer):
            assert alert.severity is Severity.MAINTENANCE or alert.quiet_until
            assert after.disposition is Disposition.RECOVERED
        alert = after


def test_what_merely_goes_on_leaves_no_entry():
    assert step(Alert(Severity.URGENT), Found(Severity.URGENT, again=False), NOW).refused


def test_an_alert_that_comes_back_says_so_and_is_not_over_any_more():
    over = step(Alert(Severity.URGENT), Over(), NOW)
    assert (over.events, over.alert.cleared_at) == ((Kind.CLEARED,), NOW)
    back = step(over.alert, Found(Severity.EMERGENCY, again=False), NOW)
    assert (back.events, back.alert.cleared_at) == ((Kind.RETURNED, Kind.SEVERITY), None)


def test_what_is_only_shown_is_aloud_when_it_gets_worse_when_another_device_shows_it_and_when_its_time_is_up():
    shown = Alert(Severity.ATTENTION, quiet_until=NOW)
    assert step(shown, Found(Severity.ATTENTION), NOW).refused
    assert step(shown, Due(), NOW - timedelta(seconds=1)).refused
    assert step(shown, Due(), NOW).events == (Kind.UNSUPPRESSED,)
    worse = step(shown, Found(Severity.URGENT), NOW)
    assert (worse.events, worse.alert.quiet_until) == ((Kind.SEVERITY, Kind.UNSUPPRESSED), None)
    assert step(shown, Found(Severity.ATTENTION, other=True), NOW).events == (Kind.UNSUPPRESSED,)


def test_what_is_only_shown_ends_with_its_condition_and_taking_it_makes_it_an_alert_like_any_other():
    shown = Alert(Severity.URGENT, quiet_until=NOW)
    over = step(shown, Over(), NOW)
    assert (over.events, over.alert.disposition) == ((Kind.CLEARED, Kind.RESOLVED), Disposition.RECOVERED)
    taken = step(shown, Answer(Action.ACKNOWLEDGE, 1), NOW).alert
    assert taken.quiet_until is None
    assert step(taken, Over(), NOW).events == (Kind.CLEARED,)
