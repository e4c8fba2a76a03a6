"""Refused messages: the list, and another try after the cause was mended."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.access import AnyCaller, Now, Operator, Pool
from api.dead_letters import store
from api.dead_letters.models import DeadLetterPage, DeadLetterQuery, LetterAnswer, LetterAnswered, ReplayRequested
from api.errors import ApiError, documented, not_found
from api.values import V1, BigId

router = APIRouter(prefix=f"{V1}/dead-letters", tags=["dead letters"])


@router.get("", responses=documented(401, 403))
def list_dead_letters(me: AnyCaller, pool: Pool, query: Annotated[DeadLetterQuery, Query()]) -> DeadLetterPage:
    """Refused messages, newest first, each with what to change."""
    with pool.connection() as conn:
        return store.list_dead_letters(conn, me, query)


@router.post("/{letter_id}/replay", status_code=202, responses=documented(401, 403, 404, 409))
def replay(letter_id: Annotated[BigId, Path()], me: AnyCaller, pool: Pool, now: Now) -> ReplayRequested:
    """Ask the ingest workers to take it once more; 409 when that has been done."""
    with pool.connection() as conn:
        done = store.request_replay(conn, me, letter_id, now)
    if done is None:
        raise not_found("消息")
    if not done:
        raise ApiError(409, "conflict", "这条消息已经重放过，或原文没有完整保存 (already replayed, or not kept whole)")
    return ReplayRequested(id=letter_id, replay_requested_at=now)


@router.post("/{letter_id}/answer", responses=documented(401, 403, 404, 409))
def answer_letter(
    letter_id: Annotated[BigId, Path()], body: LetterAnswer, me: Operator, pool: Pool, now: Now
) -> LetterAnswered:
    """Answer for an urgent message of a device that nobody registered; 409 when somebody has."""
    with pool.connection() as conn:
        done = store.answer(conn, me, letter_id, body.answer, now)
    if done is None:
        raise not_found("消息")
    if not done:
        raise ApiError(409, "conflict", "这条消息无需答复，或已有人答复 (nothing to answer)")
    return LetterAnswered(id=letter_id, answered_at=now)
