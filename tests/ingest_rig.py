"""A vendor at a real broker and a worker between it and a real database, for tests of what arrives."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
import psycopg
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from core.settings import Settings
from ingest.worker import run
from tests.conftest import Database, RunningBroker
from tests.programs import working
from tests.registry import Registry
from tests.waiting import eventually


@contextmanager
def vendor(broker: RunningBroker, code: str = "acme", will: str | None = None) -> Iterator[mqtt.Client]:
    """A vendor's connection, as long as the block."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, f"test-{code}", protocol=mqtt.MQTTv5)
    client.username_pw_set(code, broker.accounts.vendors[code])
    if will:
        client.will_set(will, "offline", qos=1, retain=True)
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 60
    client.connect("127.0.0.1", broker.port, clean_start=False, properties=properties)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def say(client: mqtt.Client, topic: str, payload: str | bytes, *, retain: bool = False) -> None:
    """Publish, and wait until the broker has it."""
    client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)


@dataclass
class Door:
    """A registered vendor, its broker, and a worker that can be started and stopped."""

    broker: RunningBroker
    database: Database
    registry: Registry

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask as the schema's owner."""
        with psycopg.connect(self.database.owner, autocommit=True) as conn:
            return conn.execute(statement.encode()).fetchall()

    def settings(self, **more: Any) -> Settings:
        """The worker's settings."""
        return Settings(
            database_url=self.database.url("ingest"), mqtt_port=self.broker.port,
            mqtt_password=self.broker.accounts.ingest, **more,
        )  # fmt: skip

    @contextmanager
    def worker(self, program: Callable[..., None] = run, **more: Any) -> Iterator[None]:
        """A worker with every lane open."""
        before = time.time()
        with working(program, self.settings(**more)):
            beat = f"SELECT 1 FROM heartbeat WHERE (detail->>'connected')::bool AND at > to_timestamp({before})"
            eventually(lambda: self.query(beat))
            time.sleep(0.3)  # what is retained follows the subscription
            yield

    def serial(self, kind: str, home: int = 0) -> str:
        """The serial of the device of that type."""
        return self.registry.device(home, kind)[1]

    def letters(self) -> list[tuple[Any, ...]]:
        """(code, count, urgent) of every refused message."""
        return self.query("SELECT code, count, urgent FROM dead_letter ORDER BY id")

    def notes(self) -> dict[str, int]:
        """Count by code of all that vendors are told."""
        return dict(self.query("SELECT code, sum(count)::int FROM device_note GROUP BY code"))  # type: ignore[arg-type]
