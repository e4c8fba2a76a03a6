"""Whether the watch is kept: for operators, and for a load balancer."""

from typing import Annotated

import psycopg
from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from api.access import Db, Now, Shared, may
from api.errors import documented
from api.health import store
from api.health.models import Health
from api.health.verdict import judge
from api.values import V1
from core.roles import Permission

router = APIRouter(prefix=V1, tags=["health"])
public = APIRouter(tags=["health"])
PLAIN = {"content": {"text/plain": {"schema": {"type": "string"}}}}


@router.get("/health", responses=documented(401, 403))
def health(db: Annotated[Db, may(Permission.HEALTH_READ)], now: Now, shared: Shared) -> Health:
    """Engine, ingest workers and what is wrong, in an operator's words."""
    with shared.watch.connection() as conn:
        return judge(store.vitals(conn), shared.settings.shards, now)


@public.get(
    "/healthz",
    response_class=PlainTextResponse,
    responses={200: {"description": "serves", **PLAIN}, 503: {"description": "no database", **PLAIN}},
)
def healthz(shared: Shared) -> PlainTextResponse:
    """200 while this process serves and the database answers, else 503. No login needed."""
    try:
        with shared.watch.connection(timeout=2) as conn:
            store.alive(conn)
    except psycopg.Error:
        return PlainTextResponse("database unreachable\n", 503)
    return PlainTextResponse("ok\n")
