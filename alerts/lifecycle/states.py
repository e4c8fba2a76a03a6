"""The life of an alert: open → acknowledged → dispatched → resolved. Pure: what may follow what, and what it leaves.

An alert *asks* for a person from when it is aloud until somebody answers, and again from when it is found again, gets
worse or is aloud again. The desk writes what `step` and `undo` say while it holds the row. The engine, which has no row
in hand, asks `outcome`, on which `step` rests too; what it finds is a conditional insert
(alerts.response.store), and a test holds the two together.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from core.model import Disposition, Severity, State


class Action(StrEnum):
    """What a person does with an alert."""

    ACKNOWLEDGE = "acknowledge"  # I have it
    DISPATCH = "dispatch"  # somebody is on the way
    RESOLVE = "resolve"  # this is what it was
    COMMENT = "comment"


class EventKind(StrEnum):
    """An entry in an alert's history."""

    OPENED = "opened"
    RAISED = "raised"  # found again
    SEVERITY = "severity"  # got worse
    CLEARED = "cleared"  # the condition is over; a person still answers
    RETURNED = "returned"  # the condition came back before anybody resolved it
    SUPPRESSED = "suppressed"  # answered often enough and goes on: shown from the start, and not aloud
    UNSUPPRESSED = "unsuppressed"  # aloud again: it got worse, or has gone on for as long as it may be only shown
    ACKNOWLEDGED = "acknowledged"
    DISPATCHED = "dispatched"
    RESOLVED = "resolved"
    UNDONE = "undone"  # a person took back the own step before
    COMMENT = "comment"


UNRESOLVED = frozenset({State.OPEN, State.ACKNOWLEDGED, State.DISPATCHED})
ALLOWED = MappingProxyType(
    {
        Action.ACKNOWLEDGE: frozenset({State.OPEN}),
        Action.DISPATCH: frozenset({State.OPEN, State.ACKNOWLEDGED}),
        Action.RESOLVE: UNRESOLVED,
        Action.COMMENT: frozenset(State),
    }
)
STEPS = frozenset({EventKind.ACKNOWLEDGED, EventKind.DISPATCHED, EventKind.RESOLVED})  # what a person can take back
UNDO_WITHIN = timedelta(seconds=30)  # three times what the console offers: the answer may have been on its way
CALLS = frozenset({Severity.EMERGENCY, Severity.URGENT})  # found again, these ask again
BECOMES = MappingProxyType(
    {
        Action.ACKNOWLEDGE: (State.ACKNOWLEDGED, EventKind.ACKNOWLEDGED),
        Action.DISPATCH: (State.DISPATCHED, EventKind.DISPATCHED),
        Action.RESOLVE: (State.RESOLVED, EventKind.RESOLVED),
    }
)
HELD = "somebody else holds it"
SAID = MappingProxyType(
    {
        EventKind.RETURNED: "came back", EventKind.SEVERITY: "got worse", EventKind.UNSUPPRESSED: "is aloud again",
        EventKind.RAISED: "found again",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """What of an unresolved alert counts when its condition is found again, is over, or was quiet for long enough."""

    severity: Severity
    over: bool = False  # its condition was over
    quiet: bool = False  # it is shown and not aloud


@dataclass(frozen=True, slots=True)
class Alert:
    """The part of an alert that its life is about."""

    severity: Severity
    state: State = State.OPEN
    count: int = 1
    cleared_at: datetime | None = None
    quiet_until: datetime | None = None  # shown and not aloud until then
    asks_since: datetime | None = None  # since when it asks for a person
    handler: int | None = None  # who holds it, or held it last
    acknowledged_at: datetime | None = None
    dispatched_at: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: int | None = None  # None and resolved: it ended by itself
    disposition: Disposition | None = None

    @property
    def open(self) -> OpenAlert:
        """What counts of it while it is not resolved."""
        return OpenAlert(self.severity, self.cleared_at is not None, self.quiet_until is not None)


@dataclass(frozen=True, slots=True)
class Found:
    """A rule found it. `again`: a reading said so, which is on record; `other`: by a device nobody has answered for.

    `goes_on`: the reading only repeats, for a condition that lasts, what a device has said since the alert opened.
    """

    severity: Severity
    times: int = 1
    again: bool = True
    other: bool = False
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Over:
    """The condition has been clear for as long as its rule asks. `ends`: by the rule, the alert ends with it."""

    ends: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """Time has passed: is there an end to what was to last until now?"""


@dataclass(frozen=True, slots=True)
class Answered:
    """A person acts. Resolving needs a disposition, and `take_over` where somebody else holds the alert."""

    action: Action
    account: int
    disposition: Disposition | None = None
    take_over: bool = False


Verdict = Found | Over | Due | Answered


@dataclass(frozen=True, slots=True)
class Outcome:
    """What that leaves in its history, nothing where it does not apply; why; and whether it asks for a person."""

    events: tuple[EventKind, ...]
    reason: str
    asks: bool = False  # answered or not


@dataclass(frozen=True, slots=True)
class Step:
    """Where an alert stands after a verdict, what that leaves in its history, and why."""

    alert: Alert
    events: tuple[EventKind, ...]
    reason: str

    @property
    def refused(self) -> bool:
        """Nothing changed and nothing is recorded."""
        return not self.events


def step(alert: Alert, verdict: Verdict, now: datetime) -> Step:
    """What a verdict makes of an alert; a verdict that does not apply changes nothing and says why."""
    if isinstance(verdict, Answered):
        return _answer(alert, verdict, now)
    if alert.state is State.RESOLVED:
        return Step(alert, (), "it is resolved already")
    if isinstance(verdict, Due) and alert.quiet_until is not None and now < alert.quiet_until:
        return Step(alert, (), "nothing is due")
    done = outcome(alert.open, verdict)
    return Step(_after(alert, verdict, done, now) if done.events else alert, done.events, done.reason)


def worse(one: Severity, other: Severity) -> Severity:
    """The one a person must react to sooner."""
    return min(one, other, key=lambda severity: severity.rank)


def outcome(alert: OpenAlert, verdict: Found | Over | Due) -> Outcome:
    """What a finding, the end of its condition or the end of its quiet means for an alert that stands open."""
    match verdict:
        case Found():
            return _found(alert, verdict)
        case Over():
            ends = verdict.ends or alert.quiet
            events = () if alert.over else (EventKind.CLEARED,)
            if ends:
                return Outcome((*events, EventKind.RESOLVED), "over; nobody's answer is needed")
            return Outcome(events, "over; a person still answers" if events else "over already")
        case Due():
            if not alert.quiet:
                return Outcome((), "nothing is due")
            return Outcome((EventKind.UNSUPPRESSED,), "has gone on for long", asks=True)


def _found(alert: OpenAlert, found: Found) -> Outcome:
    severity = worse(alert.severity, found.severity)
    if alert.quiet and severity is alert.severity and not found.other:
        return Outcome((), "goes on, and was answered")
    events = tuple(
        kind
        for kind, holds in (
            (EventKind.RETURNED, alert.over),
            (EventKind.SEVERITY, severity is not alert.severity),
            (EventKind.UNSUPPRESSED, alert.quiet),
            (EventKind.RAISED, found.again and not alert.over and not alert.quiet),
        )
        if holds
    )
    anew = {EventKind.RETURNED} if found.goes_on else {EventKind.RETURNED, EventKind.RAISED}
    calls = {EventKind.SEVERITY, EventKind.UNSUPPRESSED} | (anew if severity in CALLS else set())
    reason = " and ".join(SAID[kind] for kind in events) or "goes on"
    return Outcome(events, reason, not calls.isdisjoint(events))


def _after(alert: Alert, verdict: Found | Over | Due, done: Outcome, now: datetime) -> Alert:
    after = replace(alert, quiet_until=None, asks_since=alert.asks_since or (now if done.asks else None))
    if isinstance(verdict, Found):
        severity = worse(alert.severity, verdict.severity)
        return replace(after, severity=severity, count=alert.count + verdict.times, cleared_at=None)
    if isinstance(verdict, Over):
        after = replace(after, cleared_at=alert.cleared_at or now)
    if EventKind.RESOLVED in done.events:
        return replace(after, state=State.RESOLVED, asks_since=None, resolved_at=now, disposition=Disposition.RECOVERED)
    return after


def _answer(alert: Alert, answer: Answered, now: datetime) -> Step:
    asks_again = answer.action is Action.ACKNOWLEDGE and alert.asks_since is not None
    if alert.state not in ALLOWED[answer.action] and not (asks_again and alert.state is not State.RESOLVED):
        return Step(alert, (), f"it is {alert.state} already")
    if answer.action is Action.COMMENT:
        return Step(alert, (EventKind.COMMENT,), "comment")
    if answer.action is Action.RESOLVE:
        return _resolve(alert, answer, now)
    state, kind = BECOMES[answer.action]
    after = replace(
        alert, state=state, handler=answer.account, quiet_until=None, asks_since=None,
        acknowledged_at=alert.acknowledged_at or now,
    )  # fmt: skip
    if answer.action is Action.DISPATCH:
        after = replace(after, dispatched_at=now)
    elif alert.state is State.DISPATCHED:
        after = replace(after, state=State.DISPATCHED)  # somebody is on the way all the same
    return Step(after, (kind,), answer.action)


def _resolve(alert: Alert, answer: Answered, now: datetime) -> Step:
    if answer.disposition is None:
        return Step(alert, (), "resolving needs a disposition")
    if held_by_other(alert, answer.account) and not answer.take_over:
        return Step(alert, (), HELD)
    after = replace(
        alert, state=State.RESOLVED, quiet_until=None, asks_since=None,
        handler=answer.account if alert.handler is None else alert.handler,
        acknowledged_at=alert.acknowledged_at or now, resolved_at=now, resolved_by=answer.account,
        disposition=answer.disposition,
    )  # fmt: skip
    return Step(after, (EventKind.RESOLVED,), answer.action)


def held_by_other(alert: Alert, account: int) -> bool:
    """Whether somebody else has this alert in hand."""
    return alert.handler is not None and alert.handler != account


def undo(alert: Alert, before: Alert, now: datetime) -> Alert:
    """The alert as it stood `before` its newest step, with all that the engine has found since.

    What asks by now goes on asking. What was only shown and is over meanwhile would have ended by itself: it asks,
    for nobody else would end it.
    """
    aloud = alert.asks_since is not None or alert.cleared_at is not None
    shown = before.quiet_until is not None
    asks_since = before.asks_since or alert.asks_since or (now if shown and aloud else None)
    return replace(
        alert, state=before.state, handler=before.handler, acknowledged_at=before.acknowledged_at,
        dispatched_at=before.dispatched_at, resolved_at=None, resolved_by=None, disposition=None,
        quiet_until=None if aloud else before.quiet_until, asks_since=asks_since,
    )  # fmt: skip
