"""Whether the watch is kept: for operators, and for a load balancer."""

import psycopg
from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from api.access import Now, Operator, Pool, Shared
from api.errors import documented
from api.health import store
from api.health.models import Health
from api.health.verdict import judge
from api.values import V1

router = APIRouter(prefix=V1, tags=["health"])
public = APIRouter(tags=["health"])
PLAIN = {"content": {"text/plain": {"schema": {"type": "string"}}}}


@router.get("/health", responses=documented(401, 403))
def health(me: Operator, pool: Pool, now: Now, shared: Shared) -> Health:
    """Engine, ingest workers and what is wrong, in an operator's words."""
    with pool.connection() as conn:
        return judge(store.vitals(conn), shared.settings.shards, now)


@public.get(
    "/healthz",
    response_class=PlainTextResponse,
    responses={200: {"description": "serves", **PLAIN}, 503: {"description": "no database", **PLAIN}},
)
def healthz(pool: Pool) -> PlainTextResponse:
    """200 while this process serves and the database answers, else 503. No login needed."""
    try:
        with pool.connection(timeout=2) as conn:
            store.alive(conn)
    except psycopg.Error:
        return PlainTextResponse("database unreachable\n", 503)
    return PlainTextResponse("ok\n")
