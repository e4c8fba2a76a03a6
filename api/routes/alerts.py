"""Alerts: the list, one of them, and what an operator does about it."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from psycopg import Connection

from alerts import desk
from alerts.desk import Action, AlertConflict, AlertNotFound
from api.access import Now, Operator, Pool, Shared
from api.errors import ApiError, documented, not_found
from api.models.alerts import AlertDetail, AlertPage, AlertQuery, CommentBody, NoteBody, ResolveBody, Summary
from api.state import State
from api.store import alerts as store
from api.store.accounts import Caller
from api.values import V1, BigId
from core.model import Disposition

router = APIRouter(prefix=f"{V1}/alerts", tags=["alerts"])
AlertId = Annotated[BigId, Path()]
CHANGES = documented(401, 403, 404, 409)
STATES = {"open": "待处理", "acknowledged": "已接警", "dispatched": "已派人", "resolved": "已办结"}


@router.get("", responses=documented(401, 403))
def list_alerts(me: Operator, pool: Pool, query: Annotated[AlertQuery, Query()]) -> AlertPage:
    """Alerts of the caller's area, newest first; those not resolved, unless asked otherwise."""
    with pool.connection() as conn:
        return store.list_alerts(conn, me.scope, query)


@router.get("/summary", responses=documented(401, 403))
def summary(me: Operator, pool: Pool) -> Summary:
    """How many alerts wait, by severity."""
    with pool.connection() as conn:
        return store.summary(conn, me.scope)


@router.get("/{alert_id}", responses=documented(401, 403, 404))
def get_alert(alert_id: AlertId, me: Operator, pool: Pool, now: Now, shared: Shared) -> AlertDetail:
    """What happened, why, whom to call, and what was done."""
    with pool.connection() as conn:
        return _detail(conn, shared, me, alert_id, now)


@router.post("/{alert_id}/acknowledge", responses=CHANGES)
def acknowledge(
    alert_id: AlertId, me: Operator, pool: Pool, now: Now, shared: Shared, body: NoteBody | None = None
) -> AlertDetail:
    """Take it. The second of two who do gets 409 with the name of the first."""
    with pool.connection() as conn:
        return _act(conn, shared, me, alert_id, Action.ACKNOWLEDGE, now, note=body.note if body else "")


@router.post("/{alert_id}/dispatch", responses=CHANGES)
def dispatch(
    alert_id: AlertId, me: Operator, pool: Pool, now: Now, shared: Shared, body: NoteBody | None = None
) -> AlertDetail:
    """Somebody is on the way."""
    with pool.connection() as conn:
        return _act(conn, shared, me, alert_id, Action.DISPATCH, now, note=body.note if body else "")


@router.post("/{alert_id}/resolve", responses=CHANGES)
def resolve(alert_id: AlertId, body: ResolveBody, me: Operator, pool: Pool, now: Now, shared: Shared) -> AlertDetail:
    """It is answered for; say what it turned out to be."""
    with pool.connection() as conn:
        return _act(conn, shared, me, alert_id, Action.RESOLVE, now, note=body.note, disposition=body.disposition)


@router.post("/{alert_id}/comment", responses=CHANGES)
def comment(alert_id: AlertId, body: CommentBody, me: Operator, pool: Pool, now: Now, shared: Shared) -> AlertDetail:
    """A remark for the record; changes nothing else."""
    with pool.connection() as conn:
        return _act(conn, shared, me, alert_id, Action.COMMENT, now, note=body.note)


def _detail(conn: Connection, shared: State, me: Caller, alert_id: int, now: datetime) -> AlertDetail:
    found = store.get_alert(conn, me.scope, alert_id, now.astimezone(shared.settings.zone))
    if found is None:
        raise not_found("告警")
    return found


def _act(
    conn: Connection, shared: State, me: Caller, alert_id: int, action: Action, now: datetime,
    *, note: str = "", disposition: Disposition | None = None,
) -> AlertDetail:  # fmt: skip
    try:
        desk.act(conn, alert_id, action, me.id, now, scope=me.scope, note=note, disposition=disposition)
    except AlertNotFound as error:
        raise not_found("告警") from error
    except AlertConflict as conflict:
        at = conflict.at.astimezone(UTC) if conflict.at else None
        by = f"，处理人：{conflict.handler}" if conflict.handler else ""
        raise ApiError(
            409, "conflict", f"该告警{STATES[conflict.state]}{by} (already {conflict.state})",
            state=conflict.state, handler_name=conflict.handler, at=at,
        ) from conflict  # fmt: skip
    return _detail(conn, shared, me, alert_id, now)
