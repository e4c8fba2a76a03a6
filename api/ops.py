"""What is for the site's own people, on a listener of its own: metrics, and the API's document.

It has its own event loop and threads, so that it still tells what happens when the public side is flooded.
"""

from datetime import datetime
from functools import partial

import psycopg
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from psycopg_pool import ConnectionPool

from api import errors, reference
from api.access import Now, Shared
from api.health import store
from api.health.metrics import Figures
from api.middleware import Wrap
from api.state import AppState

router = APIRouter()


def create(state: AppState, public: FastAPI) -> FastAPI:
    """The ASGI application that tells about another."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.shouwang, app.state.public = state, public
    errors.install(app)
    app.add_middleware(Wrap, meter=state.meter)
    app.include_router(router)
    return app


@router.get("/metrics")
def metrics(now: Now, shared: Shared) -> Response:
    """Counts and times for Prometheus, nothing personal."""
    return Response(shared.meter.text(partial(_figures, shared.watch, now)), media_type=CONTENT_TYPE_LATEST)


@router.get("/api/openapi.json")
def document(request: Request) -> JSONResponse:
    """The API's document, for tools."""
    return JSONResponse(request.app.state.public.openapi())


@router.get("/api/docs")
def docs(request: Request) -> HTMLResponse:
    """The same, to read."""
    return HTMLResponse(reference.page(request.app.state.public.openapi()))


def _figures(pool: ConnectionPool, now: datetime) -> Figures | None:
    try:
        with pool.connection(timeout=2) as conn:
            return store.figures(conn, now)
    except psycopg.Error:
        return None
