"""`shouwang ingest`, `engine`, `api`, `canary`: what runs until it is told to stop.

Programs are imported where they are started: an ingest worker has no use for the web server's memory.
"""

import gc
import logging
import signal
import threading
from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from core import log_format, settings

MESSAGES_BETWEEN = 100_000  # looks for circular garbage, which ingest hardly makes: they are a twentieth of its CPU
Program = Callable[[settings.Settings, threading.Event], None]


def run(program: Program) -> None:
    """Run a program until SIGTERM or Ctrl-C, or until one of its threads fails: half a program keeps no watch.

    Whoever supervises it starts it again then; the exit status is 1.
    """
    log_format.begin()
    stop = threading.Event()
    failed: list[str] = []

    def fail(what: threading.ExceptHookArgs) -> None:
        failed.append(what.thread.name if what.thread else "a thread")
        logging.critical("%s failed, the program ends", failed[-1], exc_info=what.exc_value)
        stop.set()

    threading.excepthook = fail
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    program(settings.load(), stop)
    if failed:
        raise typer.Exit(1)


def ingest(
    retire: Annotated[
        bool, typer.Option("--retire", help="take over what waits for the worker of this name, then end its session")
    ] = False,
) -> None:
    """Take messages from the broker into the database."""
    from ingest.worker import run as worker

    gc.set_threshold(MESSAGES_BETWEEN, 50)

    run(partial(worker, retire=retire))


def engine() -> None:
    """Judge what has arrived, and what has not; a second one stands by."""
    from alerts.engine.program import run as judge

    run(judge)


def api() -> None:
    """Serve the API and the console."""
    from api.server import run as serve

    run(serve)


def canary() -> None:
    """Send a signal round the whole way every few seconds, and raise an alert when it does not come back."""
    from alerts.selfcheck.program import run as go_round

    run(go_round)
