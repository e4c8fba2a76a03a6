"""Publishes over MQTT 5 as the vendors' terminals do: their credentials, QoS 1, retained status, Last Will.

A home terminal has a connection of its own, as a real one has, so that its Last Will is its own. The other devices of
a vendor share one: their status is published by whoever speaks for them. In a large fleet home terminals share too.
"""

import logging
import socket
import ssl
import threading
from collections.abc import Iterable, Sequence

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from device_sim.fleet import Device, SimulatedFleet
from device_sim.logins import Logins
from device_sim.schedule import Planned
from ingest.formats import Sample, discover
from ingest.topics import Topic, TopicKind

log = logging.getLogger(__name__)
OWN_TYPE = "gateway"
OWN_CONNECTIONS = 300  # homes; each costs a thread


class Publisher:
    """The fleet's connections."""

    def __init__(
        self, fleet: SimulatedFleet, host: str, port: int, logins: Logins, *, name: str = "simulator",
        context: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        """Connect in the background. Two at one broker need different names."""
        self.sent = 0  # messages with readings
        self._waiting = 0
        self._lock = threading.Lock()  # paho calls back from a thread per connection
        self._name = name
        self._where = host, port
        self._context = context
        self._logins = logins
        self._formats = {vendor.code: discover()[vendor.format] for vendor in fleet.vendors}
        devices = [device for home in fleet.homes for device in home.devices]
        own = [device for device in devices if device.type == OWN_TYPE] if len(fleet.homes) <= OWN_CONNECTIONS else []
        self._own = {device.serial: self._connect([device]) for device in own}
        shared = [device for device in devices if device.serial not in self._own]
        by_vendor = {vendor.code: [d for d in shared if d.vendor == vendor.code] for vendor in fleet.vendors}
        self._shared = {vendor: self._connect(theirs) for vendor, theirs in by_vendor.items() if theirs}

    def _connect(self, devices: Sequence[Device]) -> mqtt.Client:
        """A connection for these devices of one vendor; a single device's has its Last Will."""
        first = devices[0]
        serial = first.serial if len(devices) == 1 else ""
        login = self._logins.of(first.vendor, f"{self._name}-{serial or first.vendor}", serial)
        client = mqtt.Client(CallbackAPIVersion.VERSION2, login.client_id, protocol=mqtt.MQTTv5)
        client.username_pw_set(login.username, login.password)
        if self._context:
            client.tls_set_context(self._context)
        client.max_inflight_messages_set(1000)
        client.reconnect_delay_set(1, 10)
        if len(devices) == 1:
            client.will_set(status(first), "offline", qos=1, retain=True)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho left it untyped
        properties.SessionExpiryInterval = 3600

        def on_connect(client: mqtt.Client, _data: object, _flags: object, reason: ReasonCode, _: object) -> None:
            if reason.is_failure:
                log.error("the broker refuses vendor %s: %s", first.vendor, reason)
                return
            for device in devices:
                self._say(client, status(device), b"online", retain=True)

        client.on_connect = on_connect
        client.on_publish = self._on_publish
        client.connect_async(*self._where, keepalive=30, clean_start=False, properties=properties)
        client.loop_start()
        return client

    def publish(self, messages: Iterable[Planned]) -> None:
        """Send messages; they are queued while the broker is away."""
        for message in messages:
            device = message.device
            payload = message.raw
            if payload is None:
                samples = [Sample(name, value, message.ts) for name, value in message.values.items()]
                payload = self._formats[device.vendor].encode(samples)
            topic = Topic(device.vendor, device.serial, message.kind)
            self.sent += 1
            self._say(self._client(device), str(topic), payload)

    def waiting(self) -> int:
        """Messages that the broker has not acknowledged yet."""
        return self._waiting

    def unplug(self, device: Device) -> None:
        """Break the device's own connection without a word, as a lost socket does."""
        if client := self._own.get(device.serial):
            sock = client.socket()
            client.loop_stop()
            if isinstance(sock, socket.socket):
                sock.shutdown(socket.SHUT_RDWR)
                sock.close()
        else:
            log.warning("%s shares its connection: its Last Will is not published", device.serial)

    def plug(self, device: Device) -> None:
        """Connect it again, as the terminal does when it has power."""
        if device.serial in self._own:
            self._own[device.serial] = self._connect([device])

    def close(self) -> None:
        """Disconnect in good order."""
        for client in (*self._own.values(), *self._shared.values()):
            client.disconnect()
            client.loop_stop()

    def _say(self, client: mqtt.Client, topic: str, payload: bytes, *, retain: bool = False) -> None:
        with self._lock:
            self._waiting += 1
        client.publish(topic, payload, qos=1, retain=retain)

    def _on_publish(self, *_: object) -> None:
        with self._lock:
            self._waiting -= 1

    def _client(self, device: Device) -> mqtt.Client:
        return self._own.get(device.serial) or self._shared[device.vendor]


def status(device: Device) -> str:
    """The device's status topic."""
    return str(Topic(device.vendor, device.serial, TopicKind.STATUS))
