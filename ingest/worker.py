"""The ingest program: two lanes, so that an emergency never stands behind a backlog, and the steward."""

import logging
import threading
from collections import Counter

import psycopg

from core.database import connect, describe
from core.settings import Settings
from ingest import store, topics
from ingest.mqtt import Lane
from ingest.pipeline import Pipeline
from ingest.steward import Steward
from ingest.writer import Writer

log = logging.getLogger(__name__)


def run(settings: Settings, stop: threading.Event) -> None:
    """Take messages until `stop` is set."""
    pipeline = _pipeline(settings, stop)
    if pipeline is None:
        return
    lanes = [
        Lane(settings, "urgent", [topics.EVENTS]),
        Lane(settings, "telemetry", [topics.TELEMETRY, topics.STATUS]),
    ]
    writers = [Writer(lane, pipeline, settings, stop) for lane in lanes]

    def state() -> dict[str, object]:
        counts: Counter[str] = sum((Counter(writer.counts) for writer in writers), Counter())
        return {
            "connected": all(lane.connected for lane in lanes),
            "queued": sum(lane.queue.qsize() for lane in lanes),
            **counts,
        }

    threads: list[threading.Thread] = [*writers, Steward(pipeline, settings, stop, state)]
    for thread in threads:
        thread.start()
    for lane in lanes:
        lane.start()
    log.info("worker %s takes messages from %s:%d", settings.worker, settings.mqtt_host, settings.mqtt_port)
    stop.wait()
    for thread in threads:
        thread.join()
    for lane in lanes:
        lane.stop()
    log.info("worker %s stopped", settings.worker)


def _pipeline(settings: Settings, stop: threading.Event) -> Pipeline | None:
    """Nothing can be judged without the registry: wait for the database."""
    url = settings.database_url.get_secret_value()
    while not stop.is_set():
        try:
            with connect(url, f"ingest-{settings.worker}") as conn:
                return Pipeline(store.load_registry(conn), settings)
        except psycopg.OperationalError:
            log.warning("no database at %s yet", describe(url))
            stop.wait(1)
    return None
