"""One persistent MQTT 5 connection of a worker. What it receives waits in a queue until its transaction committed.

The queue cannot outgrow Receive Maximum: the broker sends no more than that many messages without an acknowledgement.
paho's network thread only appends to the queue; it is never blocked, or the broker would take us for dead.
"""

import logging
import queue
import ssl
import time
from collections.abc import Iterable, Sequence
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from core.settings import Settings
from ingest.pipeline import Message

log = logging.getLogger(__name__)
SESSION_SECONDS = 14 * 86400  # a worker may be away this long without losing what waits for it


class Lane:
    """A connection, its subscriptions and its queue."""

    def __init__(self, settings: Settings, name: str, topics: Sequence[str]) -> None:
        self.name = name
        self.generation = 0
        self.connected = False
        self.queue: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._settings = settings
        group = settings.mqtt_group
        self._topics = [f"$share/{group}/{topic}" if group else topic for topic in topics]
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            f"shouwang-ingest-{settings.worker}-{name}",
            protocol=mqtt.MQTTv5,
            manual_ack=True,
        )
        self._client.username_pw_set(settings.mqtt_username, settings.mqtt_password.get_secret_value())
        if settings.mqtt_ca:
            self._client.tls_set(ca_certs=str(settings.mqtt_ca), tls_version=ssl.PROTOCOL_TLS_CLIENT)
        self._client.reconnect_delay_set(min_delay=1, max_delay=15)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    def start(self) -> None:
        """Connect in the background, again and again until it works."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho left it untyped
        properties.ReceiveMaximum = self._settings.receive_maximum
        properties.SessionExpiryInterval = SESSION_SECONDS
        self._client.connect_async(
            self._settings.mqtt_host, self._settings.mqtt_port, keepalive=30, clean_start=False, properties=properties
        )
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect; the session stays at the broker, with everything that was not acknowledged."""
        self._client.disconnect()
        self._client.loop_stop()

    def current(self, message: Message) -> bool:
        """Whether the message came by the connection that stands now; an older one is delivered again."""
        return message.generation == self.generation

    def acknowledge(self, messages: Iterable[Message]) -> None:
        """Tell the broker that these are stored."""
        for message in messages:
            if self.current(message):
                self._client.ack(message.mid, 1)

    def _on_connect(self, client: mqtt.Client, _data: Any, flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure:
            log.error("%s: the broker refuses the connection: %s", self.name, reason)
            return
        self.connected = True
        client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in self._topics])
        log.info("%s: connected, session %s", self.name, "resumed" if flags.session_present else "new")

    def _on_disconnect(
        self, _client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        self.connected = False
        self.generation += 1
        log.warning("%s: disconnected: %s", self.name, reason)

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        self.queue.put(
            Message(message.topic, bytes(message.payload), time.time_ns() // 1000, message.mid, self.generation)
        )
