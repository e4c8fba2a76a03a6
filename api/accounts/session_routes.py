"""My sessions: where I am logged in, and an end to it."""

from typing import Annotated

from fastapi import APIRouter, Path

from api.access import AnyDb, Now, Shared
from api.accounts import store as accounts
from api.accounts.models import Ended, Session, SessionList
from api.errors import documented, not_found
from api.values import V1, BigId

router = APIRouter(prefix=f"{V1}/sessions", tags=["account"])
SHOWN = 100  # the last used; older ones are over within a duty shift


@router.get("", responses=documented(401))
def list_sessions(db: AnyDb, now: Now, shared: Shared) -> SessionList:
    """The caller's own sessions and programs' tokens that are not over, the last used first."""
    with db.begin() as conn:
        found = accounts.sessions(conn, db.me, now, shared.settings.session_idle, SHOWN)
    return SessionList(items=[Session.model_validate(row) for row in found])


@router.delete("/{session_id}", status_code=204, responses=documented(401, 403, 404))
def end_session(session_id: Annotated[BigId, Path()], db: AnyDb) -> None:
    """End one of them, this one too; its live streams end within two seconds."""
    with db.begin() as conn:
        if not accounts.close_session(conn, db.me, session_id):
            raise not_found("会话")


@router.delete("", responses=documented(401, 403))
def end_other_sessions(db: AnyDb) -> Ended:
    """End every other browser's session of this account. Programs' tokens stay: each is ended by its id."""
    with db.begin() as conn:
        return Ended(ended=accounts.close_other_sessions(conn, db.me))
