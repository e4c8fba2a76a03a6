"""Alerts: the list, one of them, and what an operator does about it."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from psycopg import Connection

from alerts.response import desk
from alerts.response.desk import Action, AlertConflict, AlertNotFound, HeldByOther, UndoRefusal, UndoRefused
from api.access import Db, Now, Shared, may
from api.accounts.store import Caller
from api.alerts import detail_store as detail
from api.alerts import store
from api.alerts.models import AlertDetail, AlertPage, AlertQuery, CommentBody, NoteBody, ResolveBody, Summary, UndoBody
from api.errors import ApiError, documented, not_found
from api.state import AppState
from api.values import V1, BigId
from core.model import Disposition
from core.roles import Permission

router = APIRouter(prefix=f"{V1}/alerts", tags=["alerts"])
AlertId = Annotated[BigId, Path()]
Reads = Annotated[Db, may(Permission.ALERTS_READ)]
Notes = Annotated[Db, may(Permission.ALERTS_NOTE)]
Answers = Annotated[Db, may(Permission.ALERTS_ANSWER)]
CHANGES = documented(401, 403, 404, 409)
STATES = {"open": "待处理", "acknowledged": "已接警", "dispatched": "已派人", "resolved": "已办结"}
REFUSED = {
    UndoRefusal.ACTED_SINCE: "这一步之后已有别的操作，不能撤销 (somebody has acted since)",
    UndoRefusal.TOO_LATE: "已过了可以撤销的时间 (too late to undo)",
    UndoRefusal.NOT_YOURS: "只能撤销自己的操作 (not your own step)",
    UndoRefusal.REOPENED: "办结后又有新的报警，不能撤销；请处理新的报警 (a new alert has been opened since)",
}


@router.get("", responses=documented(401, 403))
def list_alerts(db: Reads, query: Annotated[AlertQuery, Query()]) -> AlertPage:
    """Alerts of the caller's area, newest first; those not resolved, unless asked otherwise."""
    with db.begin() as conn:
        return store.list_alerts(conn, query)


@router.get("/summary", responses=documented(401, 403))
def summary(db: Reads) -> Summary:
    """How many alerts wait, by severity."""
    with db.begin() as conn:
        return store.summary(conn)


@router.get("/{alert_id}", responses=documented(401, 403, 404))
def get_alert(alert_id: AlertId, db: Reads, now: Now, shared: Shared) -> AlertDetail:
    """What happened, why, whom to call, and what was done."""
    with db.begin() as conn:
        return _detail(conn, shared, db.me, alert_id, now)


@router.post("/{alert_id}/acknowledge", responses=CHANGES)
def acknowledge(alert_id: AlertId, db: Answers, now: Now, shared: Shared, body: NoteBody | None = None) -> AlertDetail:
    """Take it; also from its handler where it asks again. The second of two who do gets 409 with the first's name."""
    with db.begin() as conn:
        return _act(conn, shared, db.me, alert_id, Action.ACKNOWLEDGE, now, note=body.note if body else "")


@router.post("/{alert_id}/dispatch", responses=CHANGES)
def dispatch(alert_id: AlertId, db: Answers, now: Now, shared: Shared, body: NoteBody | None = None) -> AlertDetail:
    """Somebody is on the way."""
    with db.begin() as conn:
        return _act(conn, shared, db.me, alert_id, Action.DISPATCH, now, note=body.note if body else "")


@router.post("/{alert_id}/resolve", responses=CHANGES)
def resolve(alert_id: AlertId, body: ResolveBody, db: Answers, now: Now, shared: Shared) -> AlertDetail:
    """It is answered for; say what it turned out to be. What somebody else has is 409 `held_by_other`."""
    with db.begin() as conn:
        return _act(
            conn, shared, db.me, alert_id, Action.RESOLVE, now,
            note=body.note, disposition=body.disposition, take_over=body.take_over,
        )  # fmt: skip


@router.post("/{alert_id}/comment", responses=CHANGES)
def comment(alert_id: AlertId, body: CommentBody, db: Notes, now: Now, shared: Shared) -> AlertDetail:
    """A remark for the record, also of a resolved alert; changes nothing else."""
    with db.begin() as conn:
        return _act(conn, shared, db.me, alert_id, Action.COMMENT, now, note=body.note)


@router.post("/{alert_id}/undo", responses=CHANGES)
def undo(alert_id: AlertId, body: UndoBody, db: Answers, now: Now, shared: Shared) -> AlertDetail:
    """Take back one's own newest step within 30 seconds; both stay on record. Else 409 `undo_refused`, with why."""
    with db.begin() as conn:
        try:
            desk.undo(conn, alert_id, body.event, db.me.id, now)
        except AlertNotFound as error:
            raise not_found("报警或操作") from error
        except UndoRefused as refused:
            raise _conflict(refused, "undo_refused", REFUSED[refused.reason], reason=refused.reason) from refused
        return _detail(conn, shared, db.me, alert_id, now)


def _detail(conn: Connection, shared: AppState, me: Caller, alert_id: int, now: datetime) -> AlertDetail:
    found = detail.get_alert(conn, me, alert_id, now.astimezone(shared.settings.zone))
    if found is None:
        raise not_found("报警")
    return found


def _act(
    conn: Connection, shared: AppState, me: Caller, alert_id: int, action: Action, now: datetime,
    *, note: str = "", disposition: Disposition | None = None, take_over: bool = False,
) -> AlertDetail:  # fmt: skip
    try:
        desk.act(conn, alert_id, action, me.id, now, note=note, disposition=disposition, take_over=take_over)
    except AlertNotFound as error:
        raise not_found("报警") from error
    except HeldByOther as held:
        message = f"该报警由{held.handler}处理中；确认后才能代为办结 (somebody else has it)"
        raise _conflict(held, "held_by_other", message) from held
    except AlertConflict as conflict:
        by = f"，处理人：{conflict.handler}" if conflict.handler else ""
        message = f"该报警{STATES[conflict.state]}{by} (already {conflict.state})"
        raise _conflict(conflict, "conflict", message) from conflict
    return _detail(conn, shared, me, alert_id, now)


def _conflict(conflict: AlertConflict, code: str, message: str, **details: Any) -> ApiError:
    at = conflict.at.astimezone(UTC) if conflict.at else None
    return ApiError(409, code, message, state=conflict.state, handler_name=conflict.handler, at=at, **details)
