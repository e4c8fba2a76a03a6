"""The program: serves HTTP until told to stop."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import uvicorn
from fastapi import FastAPI

from api import ops
from api.accounts.login import DOOR, FrontDoor
from api.app import create
from api.catalogue.rules import titles
from api.connections import BACKLOG, QUEUE, Impatient, Server, cap, limited
from api.events.feed import WATCH, Feed
from api.health.metrics import Meter
from api.health.watch import Watch
from api.night import night
from api.state import AppState
from core.database import describe, pool
from core.settings import Settings

log = logging.getLogger(__name__)

OPS_CONNECTIONS = 50
GRACE = 5  # seconds an answer in progress may take after the stop


class ServerDiedError(RuntimeError):
    """The HTTP server ended by itself; its own log lines say why."""


def run(settings: Settings, stop: threading.Event) -> None:
    """Serve until `stop` is set; raises OSError when a port is taken."""
    titles()  # a rule that is broken stops the start here, not the first request
    with (
        listening(settings.api_host, settings.api_port) as front,
        listening(settings.ops_host, settings.ops_port) as back,
        parts(settings) as state,
        serving(state, front, back) as threads,
    ):
        log.info("serving on http://%s:%d", settings.api_host, settings.api_port)
        log.info("metrics and the API's document on http://%s:%d", settings.ops_host, settings.ops_port)
        while not stop.wait(0.5):
            if not all(thread.is_alive() for thread in threads):
                raise ServerDiedError
        log.info("stopping")


def listening(host: str, port: int) -> socket.socket:
    """A socket that takes connections."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=QUEUE)


@contextmanager
def parts(settings: Settings) -> Iterator[AppState]:
    """The shared parts, running. A database that is away is waited for: the console says so meanwhile."""
    url = settings.database_url.get_secret_value()
    log.info("database %s", describe(url))
    by_night = night(settings)
    meter = Meter(by_night)
    with (
        pool(url, "api") as requests,
        pool(url, "api logins", size=4, role=DOOR) as logins,
        pool(url, "api watch", size=4, role=WATCH) as watching,
        closing(FrontDoor(logins, settings.shift)) as door,
        by_night,
    ):
        feed = Feed(settings, meter)
        watch = Watch(watching, feed, settings.shards)
        feed.start()
        watch.start()
        try:
            yield AppState(settings, requests, logins, watching, feed, meter, door)
        finally:
            watch.close()
            feed.close()


@contextmanager
def serving(state: AppState, front: socket.socket, back: socket.socket) -> Iterator[list[threading.Thread]]:
    """The HTTP servers in a thread each; the live streams are ended before they stop."""
    app, proxies = create(state), state.settings.proxies
    servers = [
        (_server(app, limited(cap(state.settings.api_connections)), proxies), front, "http"),
        (_server(ops.create(state, app), limited(OPS_CONNECTIONS), []), back, "ops"),
    ]
    threads = [
        threading.Thread(target=server.run, args=([listener],), name=name, daemon=True)
        for server, listener, name in servers
    ]
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        state.feed.close()
        for server, _, _ in servers:
            server.should_exit = True
        for thread in threads:
            thread.join(GRACE + 5)


def _server(app: FastAPI, protocol: type[Impatient], proxies: list[str]) -> uvicorn.Server:
    return Server(
        uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE,
            timeout_keep_alive=20,
            backlog=BACKLOG,
            proxy_headers=bool(proxies),
            forwarded_allow_ips=proxies,
        )
    )
