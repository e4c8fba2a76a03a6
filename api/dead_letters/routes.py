"""Refused messages: the list, and another try after the cause was mended."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from psycopg import Connection

from api import cursors
from api.access import Db, Now, may
from api.dead_letters.models import (
    SHOWN,
    DeadLetter,
    DeadLetterPage,
    DeadLetterQuery,
    LetterAnswer,
    LetterAnswered,
    ReplayRequested,
)  # fmt: skip
from api.errors import ApiError, documented, not_found
from api.values import V1, BigId
from core.roles import Permission
from ingest.letters import store

router = APIRouter(prefix=f"{V1}/dead-letters", tags=["dead letters"])
LetterId = Annotated[BigId, Path()]


@router.get("", responses=documented(401, 403))
def list_dead_letters(
    db: Annotated[Db, may(Permission.DEAD_LETTERS_READ)], query: Annotated[DeadLetterQuery, Query()]
) -> DeadLetterPage:
    """Refused messages, newest first, each with what to change."""
    before = cursors.decode(query.cursor, int)[0] if query.cursor else None
    with db.begin() as conn:
        found = store.page(
            conn, query.limit + 1, vendor=query.vendor, code=query.code, unanswered=query.unanswered,
            before=before, shown=SHOWN,
        )  # fmt: skip
    items = [DeadLetter.of(letter) for letter in found[: query.limit]]
    more = len(found) > query.limit
    return DeadLetterPage(items=items, next_cursor=cursors.encode(items[-1].id) if more else None)


@router.post("/{letter_id}/replay", status_code=202, responses=documented(401, 403, 404, 409))
def replay(letter_id: LetterId, db: Annotated[Db, may(Permission.DEAD_LETTERS_REPLAY)], now: Now) -> ReplayRequested:
    """Ask the ingest workers to take it once more; 409 when that has been done."""
    with db.begin() as conn:
        if not store.request_replay(conn, now, ids=[letter_id]):
            raise _refusal(
                conn, letter_id, "这条消息已经重放过，或原文没有完整保存 (already replayed, or not kept whole)"
            )
    return ReplayRequested(id=letter_id, replay_requested_at=now)


@router.post("/{letter_id}/answer", responses=documented(401, 403, 404, 409))
def answer_letter(
    letter_id: LetterId, body: LetterAnswer, db: Annotated[Db, may(Permission.ALERTS_ANSWER)], now: Now
) -> LetterAnswered:
    """Answer for an urgent message of a device that nobody registered; 409 when somebody has."""
    with db.begin() as conn:
        if not store.answer(conn, letter_id, db.me.id, body.answer, now):
            raise _refusal(conn, letter_id, "这条消息无需答复，或已有人答复 (nothing to answer)")
    return LetterAnswered(id=letter_id, answered_at=now)


def _refusal(conn: Connection, letter_id: int, message: str) -> ApiError:
    """Why nothing was changed: it stands otherwise, or the caller may not know of it."""
    return ApiError(409, "conflict", message) if store.known(conn, letter_id) else not_found("消息")
