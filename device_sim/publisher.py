"""Publishes over MQTT 5 as the vendors' terminals do: their credentials, QoS 1, retained status, Last Will."""

import json
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from device_sim.fleet import Fleet
from device_sim.schedule import Planned
from ingest.formats import Sample, discover
from ingest.topics import Topic, TopicKind

log = logging.getLogger(__name__)


class Publisher:
    """One connection per vendor, over which all of its terminals speak."""

    def __init__(self, fleet: Fleet, host: str, port: int, passwords: dict[str, str]) -> None:
        self._fleet = fleet
        self._formats = {vendor.code: discover()[vendor.format] for vendor in fleet.vendors}
        self._clients = {
            vendor.code: self._connect(vendor.code, host, port, passwords[vendor.code]) for vendor in fleet.vendors
        }
        self.sent = 0

    def _connect(self, vendor: str, host: str, port: int, password: str) -> mqtt.Client:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, f"simulator-{vendor}", protocol=mqtt.MQTTv5)
        client.username_pw_set(vendor, password)
        client.max_inflight_messages_set(1000)
        client.reconnect_delay_set(1, 10)
        client.on_connect = self._on_connect
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho left it untyped
        properties.SessionExpiryInterval = 3600
        first = next(d.serial for home in self._fleet.homes for d in home.devices if d.vendor == vendor)
        client.will_set(str(Topic(vendor, first, TopicKind.STATUS)), "offline", qos=1, retain=True)
        client.user_data_set(vendor)
        client.connect_async(host, port, keepalive=30, clean_start=False, properties=properties)
        client.loop_start()
        return client

    def _on_connect(self, client: mqtt.Client, vendor: str, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            log.error("the broker refuses vendor %s: %s", vendor, reason)
            return
        for home in self._fleet.homes:
            for device in home.devices:
                if device.vendor == vendor:
                    client.publish(str(Topic(vendor, device.serial, TopicKind.STATUS)), "online", qos=1, retain=True)

    def publish(self, messages: Iterable[Planned]) -> None:
        """Send messages; they are queued while the broker is away."""
        for message in messages:
            device = message.device
            payload = message.raw
            if payload is None:
                samples = [Sample(name, value, message.ts) for name, value in message.values.items()]
                payload = self._formats[device.vendor].encode(samples)
            topic = Topic(device.vendor, device.serial, message.kind)
            self._clients[device.vendor].publish(str(topic), payload, qos=1)
            self.sent += 1

    def close(self) -> None:
        """Disconnect in good order."""
        for client in self._clients.values():
            client.disconnect()
            client.loop_stop()


def passwords_from(path: Path) -> dict[str, str]:
    """The vendors' passwords by code, from a JSON file."""
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return found
