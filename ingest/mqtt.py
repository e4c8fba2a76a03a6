"""Persistent MQTT 5 connections of a worker. What they receive waits until its transaction committed.

Each vendor has lanes of its own, and they are emptied in turn: whoever floods waits behind itself only. What waits
cannot outgrow Receive Maximum: the broker sends no more than that many messages without an acknowledgement. paho's
network threads only append; they are never blocked, or the broker would take us for dead.
"""

import logging
import ssl
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

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


IN_TURN = 16  # messages taken from one lane before the next has its turn
KEEPALIVE = 10  # seconds: a connection that is half open is noticed in twice that


class Receipt(NamedTuple):
    """What acknowledges one message."""

    lane: "Lane"
    mid: int
    generation: int

    def current(self) -> bool:
        """Whether the message came by the connection that stands now; an older one is delivered again."""
        return self.generation == self.lane.generation

    def acknowledge(self) -> None:
        """Tell the broker that the message is stored."""
        if self.generation == self.lane.generation:
            self.lane.client.ack(self.mid, 1)


class Mailbox:
    """Lanes that one writer empties, each in its turn."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.arrived = threading.Event()
        self.lanes: tuple[Lane, ...] = ()
        self._at = self._taken = 0

    def add(self, lane: "Lane") -> None:
        """One more lane."""
        self.lanes = (*self.lanes, lane)

    def __len__(self) -> int:
        return sum(len(lane.waiting) for lane in self.lanes)

    def next(self, until: float) -> Message | None:
        """The next message; None when there is none until that moment of time.monotonic()."""
        while True:
            for _ in range(len(self.lanes) + 1):
                lane = self.lanes[self._at] if self._at < len(self.lanes) else None
                if lane and lane.waiting and self._taken < IN_TURN:
                    self._taken += 1
                    return lane.waiting.popleft()
                self._at, self._taken = (self._at + 1) % max(len(self.lanes), 1), 0
            self.arrived.clear()
            if len(self):
                continue
            if not self.arrived.wait(max(until - time.monotonic(), 0)):
                return None


class Lane:
    """A connection, its subscriptions and what it received."""

    def __init__(
        self, settings: Settings, name: str, topics: Sequence[str], arrived: threading.Event, *, retiring: bool = False
    ) -> None:
        """With `retiring` it takes what waits for this session and asks for nothing new."""
        self.name = name
        self.generation = 0
        self.connected = False
        self.waiting: deque[Message] = deque()
        self._arrived = arrived
        self._retiring = retiring
        self._settings = settings
        group = settings.mqtt_group
        self._topics = [f"$share/{group}/{topic}" if group else topic for topic in topics]
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            f"shouwang-ingest-{settings.worker}-{name}",
            protocol=mqtt.MQTTv5,
            manual_ack=True,
        )
        self.client.username_pw_set(settings.mqtt_username, settings.mqtt_password.get_secret_value())
        if settings.mqtt_ca:
            self.client.tls_set(ca_certs=str(settings.mqtt_ca), tls_version=ssl.PROTOCOL_TLS_CLIENT)
        self.client.reconnect_delay_set(min_delay=1, max_delay=15)
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_disconnect = self._on_disconnect
        self.client.on_message = self._on_message

    def start(self) -> None:
        """Connect in the background, again and again until it works."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho left it untyped
        properties.ReceiveMaximum = self._settings.receive_maximum
        properties.SessionExpiryInterval = SESSION_SECONDS
        self.client.connect_async(
            self._settings.mqtt_host,
            self._settings.mqtt_port,
            keepalive=KEEPALIVE,
            clean_start=False,
            properties=properties,
        )
        self.client.loop_start()

    def stop(self) -> None:
        """Disconnect; the session stays at the broker, with everything that was not acknowledged, unless retiring."""
        properties = Properties(PacketTypes.DISCONNECT)  # type: ignore[no-untyped-call]  # paho left it untyped
        if self._retiring:
            properties.SessionExpiryInterval = 0
        self.client.disconnect(properties=properties)
        self.client.loop_stop()

    def _on_connect(self, client: mqtt.Client, _data: Any, flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure:
            log.error("%s: the broker refuses the connection: %s", self.name, reason)
            return
        if self._retiring:
            client.unsubscribe(self._topics)
            self.connected = True
        else:
            client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in self._topics])
        log.info("%s: connected, session %s", self.name, "resumed" if flags.session_present else "new")

    def _on_subscribe(
        self, _client: mqtt.Client, _data: Any, _mid: int, reasons: list[ReasonCode], _properties: Any
    ) -> None:
        self.connected = not any(reason.is_failure for reason in reasons)
        if not self.connected:
            log.error("%s: the broker refuses a subscription: %s", self.name, ", ".join(map(str, reasons)))

    def _on_disconnect(
        self, _client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        self.connected = False
        self.generation += 1
        log.warning("%s: disconnected: %s", self.name, reason)

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        receipt = Receipt(self, message.mid, self.generation)
        self.waiting.append(Message(message.topic, bytes(message.payload), time.time_ns() // 1000, receipt))
        if not self._arrived.is_set():
            self._arrived.set()
