"""Refused messages: the list, and another try after the cause was mended."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.access import Db, Now, may
from api.dead_letters import store
from api.dead_letters.models import DeadLetterPage, DeadLetterQuery, LetterAnswer, LetterAnswered, ReplayRequested
from api.errors import ApiError, documented, not_found
from api.values import V1, BigId
from core.roles import Permission

router = APIRouter(prefix=f"{V1}/dead-letters", tags=["dead letters"])
LetterId = Annotated[BigId, Path()]


@router.get("", responses=documented(401, 403))
def list_dead_letters(
    db: Annotated[Db, may(Permission.DEAD_LETTERS_READ)], query: Annotated[DeadLetterQuery, Query()]
) -> DeadLetterPage:
    """Refused messages, newest first, each with what to change."""
    with db.begin() as conn:
        return store.list_dead_letters(conn, query)


@router.post("/{letter_id}/replay", status_code=202, responses=documented(401, 403, 404, 409))
def replay(letter_id: LetterId, db: Annotated[Db, may(Permission.DEAD_LETTERS_REPLAY)], now: Now) -> ReplayRequested:
    """Ask the ingest workers to take it once more; 409 when that has been done."""
    with db.begin() as conn:
        done = store.request_replay(conn, letter_id, now)
    if done is None:
        raise not_found("消息")
    if not done:
        raise ApiError(409, "conflict", "这条消息已经重放过，或原文没有完整保存 (already replayed, or not kept whole)")
    return ReplayRequested(id=letter_id, replay_requested_at=now)


@router.post("/{letter_id}/answer", responses=documented(401, 403, 404, 409))
def answer_letter(
    letter_id: LetterId, body: LetterAnswer, db: Annotated[Db, may(Permission.ALERTS_ANSWER)], now: Now
) -> LetterAnswered:
    """Answer for an urgent message of a device that nobody registered; 409 when somebody has."""
    with db.begin() as conn:
        done = store.answer(conn, db.me, letter_id, body.answer, now)
    if done is None:
        raise not_found("消息")
    if not done:
        raise ApiError(409, "conflict", "这条消息无需答复，或已有人答复 (nothing to answer)")
    return LetterAnswered(id=letter_id, answered_at=now)
