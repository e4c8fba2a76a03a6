"""The life of an alert: open → acknowledged → dispatched → resolved. Pure: what may follow what, and what it leaves.

The database does the same as a conditional update (alerts.desk, alerts.store); a test holds the two together.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from core.model import Disposition, Severity, State


class Action(StrEnum):
    """What a person does with an alert."""

    ACKNOWLEDGE = "acknowledge"  # I have it
    DISPATCH = "dispatch"  # somebody is on the way
    RESOLVE = "resolve"  # this is what it was
    COMMENT = "comment"


class Kind(StrEnum):
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
BECOMES = MappingProxyType(
    {
        Action.ACKNOWLEDGE: (State.ACKNOWLEDGED, Kind.ACKNOWLEDGED),
        Action.DISPATCH: (State.DISPATCHED, Kind.DISPATCHED),
        Action.RESOLVE: (State.RESOLVED, Kind.RESOLVED),
    }
)
SAID = MappingProxyType(
    {
        Kind.RETURNED: "came back", Kind.SEVERITY: "got worse", Kind.UNSUPPRESSED: "is aloud again",
        Kind.RAISED: "found again",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Alert:
    """The part of an alert that its life is about."""

    severity: Severity
    state: State = State.OPEN
    count: int = 1
    cleared_at: datetime | None = None
    quiet_until: datetime | None = None  # shown and not aloud until then
    handler: int | None = None
    acknowledged_at: datetime | None = None
    dispatched_at: datetime | None = None
    resolved_at: datetime | None = None
    disposition: Disposition | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A rule found it. `again`: not merely that it goes on; `other`: by a device nobody has answered for."""

    severity: Severity
    times: int = 1
    again: bool = True
    other: bool = False


@dataclass(frozen=True, slots=True)
class Over:
    """The condition has been clear for as long as its rule asks."""


@dataclass(frozen=True, slots=True)
class Due:
    """Time has passed: is there an end to what was to last until now?"""


@dataclass(frozen=True, slots=True)
class Answer:
    """A person acts. Resolving needs a disposition."""

    action: Action
    account: int
    disposition: Disposition | None = None


Verdict = Found | Over | Due | Answer


@dataclass(frozen=True, slots=True)
class Step:
    """Where an alert stands after a verdict, what that leaves in its history, and why."""

    alert: Alert
    events: tuple[Kind, ...]
    reason: str

    @property
    def refused(self) -> bool:
        """Nothing changed and nothing is recorded."""
        return not self.events


def step(alert: Alert, verdict: Verdict, now: datetime) -> Step:
    """What a verdict makes of an alert; a verdict that does not apply changes nothing and says why."""
    match verdict:
        case Found():
            return _found(alert, verdict)
        case Over():
            return _over(alert, now)
        case Due():
            return _due(alert, now)
        case Answer():
            return _answer(alert, verdict, now)


def worse(one: Severity, other: Severity) -> Severity:
    """The one a person must react to sooner."""
    return min(one, other, key=lambda severity: severity.rank)


def _found(alert: Alert, found: Found) -> Step:
    if alert.state is State.RESOLVED:
        return Step(alert, (), "resolved: a new finding opens a new alert")
    severity = worse(alert.severity, found.severity)
    quiet = alert.quiet_until is not None
    if quiet and severity is alert.severity and not found.other:
        return Step(alert, (), "goes on, and was answered")
    events = tuple(
        kind
        for kind, holds in (
            (Kind.RETURNED, alert.cleared_at is not None),
            (Kind.SEVERITY, severity is not alert.severity),
            (Kind.UNSUPPRESSED, quiet),
            (Kind.RAISED, found.again and alert.cleared_at is None and not quiet),
        )
        if holds
    )
    if not events:
        return Step(alert, (), "goes on")
    return Step(
        replace(alert, severity=severity, count=alert.count + found.times, cleared_at=None, quiet_until=None),
        events,
        " and ".join(SAID[kind] for kind in events),
    )


def _over(alert: Alert, now: datetime) -> Step:
    if alert.state is State.RESOLVED or alert.cleared_at is not None:
        return Step(alert, (), "over already")
    over = replace(alert, cleared_at=now, quiet_until=None)
    if alert.severity is not Severity.MAINTENANCE and not alert.quiet_until:
        return Step(over, (Kind.CLEARED,), "over; a person still answers")
    done = replace(over, state=State.RESOLVED, resolved_at=now, disposition=Disposition.RECOVERED)
    return Step(done, (Kind.CLEARED, Kind.RESOLVED), "over; nobody's answer is needed")


def _due(alert: Alert, now: datetime) -> Step:
    if alert.quiet_until is None or now < alert.quiet_until:
        return Step(alert, (), "nothing is due")
    return Step(replace(alert, quiet_until=None), (Kind.UNSUPPRESSED,), "has gone on for long")


def _answer(alert: Alert, answer: Answer, now: datetime) -> Step:
    if alert.state not in ALLOWED[answer.action]:
        return Step(alert, (), f"it is {alert.state} already")
    if answer.action is Action.COMMENT:
        return Step(alert, (Kind.COMMENT,), "comment")
    if answer.action is Action.RESOLVE and answer.disposition is None:
        return Step(alert, (), "resolving needs a disposition")
    state, kind = BECOMES[answer.action]
    after = replace(alert, state=state, handler=answer.account, quiet_until=None)
    if answer.action is Action.ACKNOWLEDGE:
        after = replace(after, acknowledged_at=now)
    elif answer.action is Action.DISPATCH:
        after = replace(after, acknowledged_at=alert.acknowledged_at or now, dispatched_at=now)
    else:
        handler = answer.account if alert.handler is None else alert.handler
        after = replace(after, handler=handler, resolved_at=now, disposition=answer.disposition)
    return Step(after, (kind,), answer.action)
