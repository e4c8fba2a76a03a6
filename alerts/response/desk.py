"""What a person does with an alert, as the API calls it: the row is held, the lifecycle says what becomes of it, and
one update with one event is written, or a clear conflict is raised. Two people can't both have been first."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import psycopg

from alerts.lifecycle import states as lifecycle
from alerts.lifecycle.states import HELD, STEPS, UNDO_WITHIN, Action, Alert, Answered, EventKind, step
from alerts.response.store import answers as store
from alerts.response.store.alerts import Event, add_events
from core.model import Disposition, State

__all__ = ["Action", "AlertConflict", "AlertNotFound", "HeldByOther", "UndoRefusal", "UndoRefused", "act", "undo"]


class AlertConflict(Exception):
    """Somebody else got there first, or the alert's state does not allow this."""

    def __init__(self, state: State, handler: str | None, at: datetime | None) -> None:
        super().__init__(f"the alert is {state}{f' by {handler}' if handler else ''}")
        self.state = state
        self.handler = handler
        self.at = at


class HeldByOther(AlertConflict):
    """Closing it would close what somebody else has in hand."""


class UndoRefusal(StrEnum):
    """Why a step can't be taken back."""

    ACTED_SINCE = "acted_since"
    TOO_LATE = "too_late"
    NOT_YOURS = "not_yours"
    REOPENED = "reopened"


class UndoRefused(AlertConflict):
    """The step stands; `reason` says why, the rest who acted when, and how it stands."""

    def __init__(self, reason: UndoRefusal, state: State, handler: str | None, at: datetime | None) -> None:
        super().__init__(state, handler, at)
        self.reason = reason


class AlertNotFound(Exception):
    """There is no such alert that may be seen, or no such step in its history."""


def act(
    conn: psycopg.Connection,
    alert_id: int,
    action: Action,
    account_id: int,
    now: datetime,
    *,
    note: str = "",
    disposition: Disposition | None = None,
    take_over: bool = False,
) -> None:
    """Do it and record it, in one transaction.

    What the connection may not see is not found. Raises AlertNotFound, AlertConflict, HeldByOther, and
    ValueError when an alert is resolved without a disposition.
    """
    if action is Action.RESOLVE and disposition is None:
        raise ValueError("resolving needs a disposition")
    with conn.transaction():
        held = _hold(conn, alert_id)
        done = step(held, Answered(action, account_id, disposition, take_over), now)
        if done.refused:
            refusal = HeldByOther if done.reason is HELD else AlertConflict
            raise refusal(held.state, *_who(conn, held))
        data: dict[str, Any] = {}
        if action is not Action.COMMENT:
            store.write(conn, alert_id, done.alert)
            data["before"] = store.dump(held)
        if action is Action.RESOLVE:
            data["disposition"] = disposition
        add_events(conn, [Event(alert_id, now, done.events[0], account_id, note, data)])


def undo(
    conn: psycopg.Connection,
    alert_id: int,
    event_id: int,
    account_id: int,
    now: datetime,
) -> None:
    """Take back one's own newest step, and record that. Raises AlertNotFound and UndoRefused."""
    try:
        with conn.transaction():
            held = _hold(conn, alert_id)
            taken = store.read_step(conn, alert_id, event_id)
            if taken is None or taken.kind not in STEPS:
                raise AlertNotFound(event_id)
            before = _allowed(held, taken, account_id, now)
            store.write(conn, alert_id, lifecycle.undo(held, before, now))
            data = {"step": taken.kind, "event": event_id}
            add_events(conn, [Event(alert_id, now, EventKind.UNDONE, account_id, data=data)])
    except psycopg.errors.UniqueViolation:  # one unresolved alert for each home and rule
        other = store.in_place(conn, alert_id)
        if other is None:
            raise
        raise UndoRefused(UndoRefusal.REOPENED, *other) from None


def _allowed(held: Alert, taken: store.PastStep, account_id: int, now: datetime) -> Alert:
    """How it stood before the step; raises UndoRefused."""
    if taken.account_id != account_id:
        raise UndoRefused(UndoRefusal.NOT_YOURS, held.state, taken.name, taken.at)
    if taken.since is not None:
        raise UndoRefused(UndoRefusal.ACTED_SINCE, held.state, taken.since_name, taken.since)
    if now - taken.at > UNDO_WITHIN or not taken.before:
        raise UndoRefused(UndoRefusal.TOO_LATE, held.state, taken.name, taken.at)
    return store.load(held, taken.before)


def _who(conn: psycopg.Connection, alert: Alert) -> tuple[str | None, datetime | None]:
    """Who answered it last, and when."""
    closed = alert.state is State.RESOLVED
    at = alert.resolved_at or alert.dispatched_at or alert.acknowledged_at
    return store.name(conn, alert.resolved_by if closed else alert.handler), at


def _hold(conn: psycopg.Connection, alert_id: int) -> Alert:
    held = store.hold(conn, alert_id)
    if held is None:
        raise AlertNotFound(alert_id)
    return held
