"""The ingest program: lanes for emergencies and for the rest, so that neither waits behind the other."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Collection

import psycopg

from core.database import connect, describe
from core.nightly import Night
from core.settings import Settings
from ingest.dealing import Dealer
from ingest.mailbox import Mailbox
from ingest.mqtt import Connection
from ingest.night import night
from ingest.notes import Notes
from ingest.pipeline import Pipeline
from ingest.routes import Routes
from ingest.sessions import Inheritance
from ingest.steward import Steward
from ingest.topics import Subscription, emergencies, the_rest
from ingest.writer import Gatherer, Writer
from registry import snapshot_store

log = logging.getLogger(__name__)
QUIET_SECONDS = 3.0  # a broker delivers what waits at once
DRAINED_SECONDS = 2.0  # what a vendor's lanes hold is stored in that time, before another worker has them


def run(settings: Settings, stop: threading.Event, *, retire: bool = False) -> None:
    """Take messages until `stop` is set; with `retire`, until nothing waits for this worker any more, then end it.

    In a group a broker keeps what a worker had not acknowledged for just that worker: one that never comes back is
    retired in its name, once, from anywhere. Without a group other workers take its vendors over by themselves.
    """
    pipeline = _pipeline(settings, stop)
    if pipeline is None:
        return
    with night(settings) as by_night:
        worker = Worker(settings, pipeline, stop, by_night, retire=retire)
        worker.start()
        log.info("worker %s takes messages from %s:%d", settings.worker, settings.mqtt_host, settings.mqtt_port)
        retired = retire and worker.take_the_rest()
        if retire:
            stop.set()
        stop.wait()
        worker.finish(forget=retired)
    log.info("worker %s stopped", settings.worker)


class Worker:
    """Lanes per vendor, a gatherer and a writer for emergencies, the same for the rest, and the steward."""

    def __init__(
        self, settings: Settings, pipeline: Pipeline, stop: threading.Event, by_night: Night, *, retire: bool
    ) -> None:
        self._settings = settings
        self._night = by_night
        self._stop = stop
        self._retire = retire
        self._urgent = Mailbox("urgent", stop, lull=0.001)
        self._telemetry = Mailbox("telemetry", stop, lull=0.02)
        notes = Notes()
        boxes = (self._urgent, self._telemetry)
        self._gatherers = [Gatherer(box, pipeline, settings, stop) for box in boxes]
        self._writers = [
            Writer(gatherer, pipeline, notes, settings, stop, box.name)
            for gatherer, box in zip(self._gatherers, boxes, strict=True)
        ]
        dealer = Dealer(settings, alone=retire)
        self._steward = Steward(pipeline, notes, settings, stop, self.state, self.attend, dealer)
        self._dealt = False
        self._lanes: dict[str, list[Connection]] = {}  # by vendor
        self._inheritance = Inheritance(settings, stop)

    def start(self) -> None:
        """Start every thread."""
        for thread in (*self._gatherers, *self._writers, self._steward, self._inheritance):
            thread.start()

    def finish(self, *, forget: bool = False) -> None:
        """Wait for the drafts in hand, then disconnect; `stop` must be set. The sessions stay, or are forgotten."""
        for thread in (*self._gatherers, *self._writers, self._steward):
            thread.join()
        self._inheritance.finish()
        for connection in self._connections:  # all at once: a broker that reads nothing holds each up for a second
            connection.leave(forget=forget)
        for connection in self._connections:
            connection.stop(forget=forget)

    def take_the_rest(self) -> bool:
        """Until every lane is connected and has been quiet for a while, and no earlier session is left.

        False when stopped before: then the sessions must stay.
        """
        quiet_since, before = time.monotonic(), None
        while not self._stop.wait(0.1) and time.monotonic() - quiet_since < QUIET_SECONDS:
            state = self.state()
            busy = state["queued"] or any(connection.outstanding for connection in self._connections)
            if not state["connected"] or busy or state != before or not self._inheritance.done:
                quiet_since, before = time.monotonic(), state
        return not self._stop.is_set()

    def attend(self, vendors: Collection[str]) -> None:
        """Open the lanes of these vendors that are not open, and close all others. Called from one thread."""
        self._dealt = True
        leaving = [lane for vendor in self._lanes.keys() - set(vendors) for lane in self._lanes.pop(vendor)]
        for connection in leaving:
            connection.leave(DRAINED_SECONDS)
        for connection in leaving:
            self._inheritance.drop(connection)
            connection.stop()
        for vendor in sorted(set(vendors) - self._lanes.keys()):
            urgent = self._open(self._urgent, vendor, emergencies(vendor))
            self._lanes[vendor] = [urgent, self._open(self._telemetry, vendor, the_rest(vendor))]

    def _open(self, mailbox: Mailbox, vendor: str, lane: Subscription) -> Connection:
        connection = Connection(self._settings, f"{mailbox.name}-{vendor}", lane, mailbox, retiring=self._retire)
        connection.start()
        self._inheritance.add(connection, lane, mailbox)
        return connection

    @property
    def _connections(self) -> list[Connection]:
        return [connection for lanes in list(self._lanes.values()) for connection in lanes]

    def state(self) -> dict[str, object]:
        """For the heartbeat."""
        counts: Counter[str] = sum((Counter(writer.counts) for writer in self._writers), Counter())
        return {
            "connected": self._dealt and all(connection.connected for connection in self._connections),
            "vendors": sorted(self._lanes),
            "sessions": [connection.fingerprint for connection in self._connections],
            "queued": len(self._urgent) + len(self._telemetry),
            "failed_jobs": self._night.failed,
            **counts,
        }


def _pipeline(settings: Settings, stop: threading.Event) -> Pipeline | None:
    """Nothing can be judged without the registry: wait for the database."""
    url = settings.database_url.get_secret_value()
    while not stop.is_set():
        try:
            with connect(url, f"ingest-{settings.worker}") as conn:
                return Pipeline(Routes(*snapshot_store.registered(conn)), settings)
        except psycopg.OperationalError:
            log.warning("no database at %s yet", describe(url))
            stop.wait(1)
    return None
