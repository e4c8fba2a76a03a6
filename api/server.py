"""The program: serves HTTP until told to stop."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from api.app import create
from api.feed import Feed
from api.metrics import Meter
from api.rules import titles
from api.state import State
from api.watch import Watch
from core.database import describe, pool
from core.settings import Settings

log = logging.getLogger(__name__)

GRACE = 5  # seconds an answer in progress may take after the stop


class ServerDiedError(RuntimeError):
    """The HTTP server ended by itself; its own log lines say why."""


def run(settings: Settings, stop: threading.Event) -> None:
    """Serve until `stop` is set; raises OSError when the port is taken."""
    titles()  # a rule that is broken stops the start here, not the first request
    family = socket.AF_INET6 if ":" in settings.api_host else socket.AF_INET
    listener = socket.create_server((settings.api_host, settings.api_port), family=family, backlog=512)
    with listener, parts(settings) as state, serving(state, listener) as thread:
        log.info("serving on http://%s:%d", settings.api_host, settings.api_port)
        while not stop.wait(0.5):
            if not thread.is_alive():
                raise ServerDiedError
        log.info("stopping")


@contextmanager
def parts(settings: Settings) -> Iterator[State]:
    """The shared parts, running. A database that is away is waited for: the console says so meanwhile."""
    url = settings.database_url.get_secret_value()
    log.info("database %s", describe(url))
    meter = Meter()
    with pool(url, "api") as connections:
        feed = Feed(url, meter)
        watch = Watch(connections, feed, settings.shards)
        feed.start()
        watch.start()
        try:
            yield State(settings, connections, feed, meter)
        finally:
            watch.close()
            feed.close()


@contextmanager
def serving(state: State, listener: socket.socket) -> Iterator[threading.Thread]:
    """The HTTP server in a thread of its own; the live streams are ended before it stops."""
    config = uvicorn.Config(
        create(state), lifespan="off", log_config=None, access_log=False, server_header=False,
        timeout_graceful_shutdown=GRACE, timeout_keep_alive=20,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="http", daemon=True)
    thread.start()
    try:
        yield thread
    finally:
        state.feed.close()
        server.should_exit = True
        thread.join(GRACE + 5)
