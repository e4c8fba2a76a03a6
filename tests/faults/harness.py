"""Real processes under load, and the account afterwards: what was acknowledged against what is stored and raised."""

import itertools
import threading
import time
from dataclasses import dataclass, field
from typing import Protocol

import paho.mqtt.client as mqtt
import psycopg
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from deploy.local.site import Site
from tests.registry import Registry
from tests.waiting import eventually


@dataclass
class Load:
    """A vendor that publishes numbered readings, and one SOS per home, and remembers what the broker acknowledged."""

    site: Site
    registry: Registry
    rate: float = 200.0  # messages per second
    paused: bool = False
    _sent: dict[int, tuple[int, int] | int] = field(default_factory=dict)  # by mid: (device id, ts in ms), or home id
    _acknowledged: set[int] = field(default_factory=set)  # mids

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, "load", protocol=mqtt.MQTTv5)
        self._client.username_pw_set("acme", self.site.secrets.vendors["acme"])
        self._client.reconnect_delay_set(1, 2)
        self._client.on_publish = self._on_publish

    def start(self) -> None:
        """Connect and publish until stopped."""
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 600
        self._client.connect("127.0.0.1", self.site.broker.port, clean_start=False, properties=properties)
        self._client.loop_start()
        self._thread.start()

    def stop(self) -> None:
        """Publish no more, and wait until the broker has acknowledged everything."""
        self._stop.set()
        self._thread.join()
        eventually(lambda: len(self._acknowledged) == len(self._sent), 60)
        self._client.disconnect()
        self._client.loop_stop()

    def abandon(self) -> None:
        """Publish no more, whatever the broker has acknowledged; after `stop` it does nothing."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    def _run(self) -> None:
        homes = len(self.registry.homes)
        base = int(time.time() * 1000) - 60_000
        for number in itertools.count():
            if self._stop.wait(1 / self.rate):
                return
            if self.paused:
                continue
            home = number % homes
            device, serial = self.registry.device(home, "water_meter")
            payload = f'{{"ts": {base + number}, "values": {{"water_volume": {number}}}}}'
            self._publish(f"sw/v1/acme/{serial}/telemetry", payload, (device, base + number))
            if number % 100 == 50 and number // 100 < homes:
                _, button = self.registry.device(number // 100, "sos_button")
                event = f'{{"ts": {int(time.time() * 1000)}, "values": {{"sos": 1}}}}'
                self._publish(f"sw/v1/acme/{button}/event", event, self.registry.homes[number // 100])

    def _publish(self, topic: str, payload: str, what: tuple[int, int] | int) -> None:
        self._sent[self._client.publish(topic, payload, qos=1).mid] = what

    def _on_publish(self, _client: mqtt.Client, _data: object, mid: int, *_: object) -> None:
        self._acknowledged.add(mid)

    @property
    def acknowledged(self) -> set[tuple[int, int]]:
        """(device id, ts in ms) of every reading the broker took."""
        sent = self._sent.copy().items()  # others go on publishing
        return {what for mid, what in sent if mid in self._acknowledged and isinstance(what, tuple)}

    @property
    def pressed(self) -> set[int]:
        """Homes whose SOS the broker took."""
        return {what for mid, what in self._sent.copy().items() if mid in self._acknowledged and isinstance(what, int)}


class Running(Protocol):
    """A site under load."""

    site: Site
    load: Load


def settle(running: Running, *, by_time: bool = True) -> None:
    """The cause is gone: measure until all is normal, let the load go on a little, then hold the account.

    Normal is that the broker acknowledges again, and all it has acknowledged by then is stored and judged. Prints how
    long that took (`-rP` shows it).
    """
    begin, before = time.monotonic(), len(running.load.acknowledged)
    eventually(lambda: len(running.load.acknowledged) > before + 20, 60)
    with psycopg.connect(running.site.owner_url, autocommit=True) as conn:
        _wait_stored(conn, running.load, by_time=by_time)
        newest = conn.execute("SELECT coalesce(max(id), 0) FROM batch").fetchone()[0]
        eventually(lambda: judged_up_to(conn, newest), 60)
    seconds = time.monotonic() - begin
    time.sleep(1)
    running.load.stop()
    account(running.site, running.load, by_time=by_time)
    print(f"even; normal {seconds:.1f} s after the cause was gone")


def judged_up_to(conn: psycopg.Connection, batch: int) -> bool:
    """Whether no batch up to that one waits to be judged."""
    return conn.execute("SELECT 1 FROM batch WHERE step IS NULL AND id <= %s LIMIT 1", (batch,)).fetchone() is None


def _wait_stored(conn: psycopg.Connection, load: Load, *, by_time: bool) -> list[tuple[int, int]]:
    """Until everything acknowledged by now is stored; gives (device id, ts in ms) of every reading of the load."""

    def stored() -> list[tuple[int, int]]:
        return conn.execute(
            "SELECT device_id, (extract(epoch FROM ts) * 1000)::bigint FROM reading r"
            " JOIN device d ON d.id = device_id JOIN metric m ON m.id = metric"
            " WHERE m.name = 'water_volume' AND serial LIKE 'water_meter-%'"
        ).fetchall()

    acknowledged = load.acknowledged
    eventually(lambda: acknowledged <= set(stored()) if by_time else len(stored()) >= len(acknowledged), 60)
    return stored()


def account(site: Site, load: Load, *, by_time: bool = True) -> None:
    """Every acknowledged reading is stored once, every acknowledged SOS raised once, nothing waits to be judged.

    Without `by_time` readings are counted, not compared: our clock was so wrong that the devices' was not believed.
    """
    with psycopg.connect(site.owner_url, autocommit=True) as conn:
        rows = _wait_stored(conn, load, by_time=by_time)
        assert by_time or len(rows) == len(load.acknowledged)
        assert len(rows) == len(set(rows)), "a reading is stored twice"
        eventually(lambda: conn.execute("SELECT count(*) = 0 FROM batch WHERE step IS NULL").fetchone()[0], 60)

        def raised() -> list[int]:
            return sorted(home for (home,) in conn.execute("SELECT home_id FROM alert WHERE rule = 'sos'"))

        pressed = sorted(load.pressed)
        eventually(lambda: len(raised()) >= len(pressed), 60)
        assert raised() == pressed, "every SOS is raised, and once"
        counts = {count for (count,) in conn.execute("SELECT count FROM alert WHERE rule = 'sos'")}
        assert counts == {1}, "no SOS is counted twice"
