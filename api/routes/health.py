"""Whether the watch is kept: for operators, for a load balancer, for Prometheus."""

from datetime import datetime
from functools import partial

import psycopg
from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from psycopg_pool import ConnectionPool

from api.access import Now, Operator, Pool, Shared
from api.errors import documented
from api.health import judge
from api.metrics import Figures
from api.models.health import Health
from api.store import health as store
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


@public.get(
    "/metrics",
    response_class=PlainTextResponse,
    responses={200: {"description": "Prometheus text format", **PLAIN}},
)
def metrics(pool: Pool, now: Now, shared: Shared) -> Response:
    """Counts and times for Prometheus, nothing personal. No login needed."""
    return Response(shared.meter.text(partial(_figures, pool, now)), media_type=CONTENT_TYPE_LATEST)


def _figures(pool: ConnectionPool, now: datetime) -> Figures | None:
    try:
        with pool.connection(timeout=2) as conn:
            return store.figures(conn, now)
    except psycopg.Error:
        return None
