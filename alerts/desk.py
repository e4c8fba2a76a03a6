"""What a person does with an alert, as the API calls it: one conditional update, one event, or a clear conflict."""

from datetime import datetime

import psycopg

from alerts import store
from alerts.lifecycle import ALLOWED, BECOMES, Action, Kind
from core.model import Disposition, State

__all__ = ["Action", "AlertConflict", "AlertNotFound", "act"]


class AlertConflict(Exception):
    """Somebody else got there first, or the alert's state does not allow this."""

    def __init__(self, state: State, handler: str | None, at: datetime | None) -> None:
        super().__init__(f"the alert is {state}{f' by {handler}' if handler else ''}")
        self.state = state
        self.handler = handler
        self.at = at


class AlertNotFound(Exception):
    """There is no such alert in this scope."""


def act(
    conn: psycopg.Connection,
    alert_id: int,
    action: Action,
    account_id: int,
    now: datetime,
    *,
    scope: str | None = None,
    note: str = "",
    disposition: Disposition | None = None,
) -> None:
    """Do it and record it, in one transaction.

    `scope` is an area path: alerts elsewhere are not found. Raises AlertNotFound, AlertConflict, and ValueError
    when an alert is resolved without a disposition.
    """
    if action is Action.RESOLVE and disposition is None:
        raise ValueError("resolving needs a disposition")
    with conn.transaction():
        if action is Action.COMMENT:
            _see(conn, alert_id, scope)
            kind = Kind.COMMENT
        else:
            state, kind = BECOMES[action]
            final = disposition if state is State.RESOLVED else None
            if not store.answer(conn, alert_id, ALLOWED[action], state, account_id, now, scope, final):
                raise AlertConflict(*_see(conn, alert_id, scope))
        data = {"disposition": disposition} if action is Action.RESOLVE else {}
        store.add_events(conn, [store.Event(alert_id, now, kind, account_id, note, data)])


def _see(conn: psycopg.Connection, alert_id: int, scope: str | None) -> tuple[State, str | None, datetime | None]:
    found = store.standing(conn, alert_id, scope)
    if found is None:
        raise AlertNotFound(alert_id)
    return found
