"""The application: every route and what wraps it."""

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute

from api import console, errors
from api.access import SECURITY
from api.accounts import routes as auth
from api.accounts import session_routes as sessions
from api.alerts import routes as alerts
from api.catalogue import routes as catalogue
from api.dead_letters import routes as dead_letters
from api.devices import routes as devices
from api.events import routes as events
from api.health import routes as health
from api.homes import edit_routes as home_edits
from api.homes import routes as homes
from api.middleware import Compressed, Wrap
from api.records import routes as records
from api.state import AppState

ABOUT = """HTTP API of Shouwang 守望. Log in with POST /api/v1/login (cookie), or send a bearer token.
Changes made with the cookie need the header `X-Shouwang: 1`. Times are ISO 8601, UTC. Every error has one shape."""


def routes() -> FastAPI:
    """Every route, over nothing yet: enough for the document."""
    app = FastAPI(
        title="Shouwang 守望", version="1", description=ABOUT, docs_url=None, redoc_url=None,
        openapi_url=None, redirect_slashes=False,  # api.ops has the document
        generate_unique_id_function=_operation_id,
    )  # fmt: skip
    errors.install(app)
    app.include_router(auth.public)
    for module in (
        auth,
        sessions,
        alerts,
        records,
        homes,
        home_edits,
        devices,
        dead_letters,
        catalogue,
        events,
        health,
    ):
        app.include_router(module.router, dependencies=[Depends(way) for way in SECURITY])
    app.include_router(health.public)
    app.include_router(console.router)
    return app


def create(state: AppState) -> FastAPI:
    """The ASGI application over shared parts that are already running."""
    app = routes()
    app.state.shouwang = state
    app.add_middleware(Compressed)
    app.add_middleware(Wrap, meter=state.meter, https=state.settings.cookie_secure, cell=state.settings.cell)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name
