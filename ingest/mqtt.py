"""Persistent MQTT connections of a worker. What they receive is acknowledged when its transaction has committed.

Each connection has a thread that does all of its reading and writing, and is never blocked by the database, or the
broker would take us for dead. It calls paho's network functions in a loop of its own, because paho's takes one packet
a turn and is woken for each acknowledgement. What waits is bounded by the broker's in-flight limit, and should that be
missing, by not reading on. Why MQTT 3.1.1: docs/decisions/0007.
"""

import logging
import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from core.mqtt import prepare
from core.settings import Settings
from ingest.mailbox import Mailbox
from ingest.pipeline import Message

log = logging.getLogger(__name__)
KEEPALIVE = 10  # seconds: a connection that is half open is noticed in twice that
RECONNECT_SECONDS = (1.0, 15.0)  # first and longest pause between tries
READ_AT_ONCE = 200  # packets, before acknowledgements have their turn


class Receipt(NamedTuple):
    """What acknowledges one message."""

    connection: "Connection"
    mid: int
    generation: int

    def current(self) -> bool:
        """Whether the message came by the connection that stands now; an older one is delivered again."""
        return self.generation == self.connection.generation

    def acknowledge(self) -> None:
        """Tell the broker that the message is stored."""
        self.connection.acknowledge(self)


class Connection(threading.Thread):
    """A connection, its subscriptions, and the lane of a mailbox that it fills."""

    def __init__(
        self, settings: Settings, name: str, topics: Sequence[str], mailbox: Mailbox, *, retiring: bool = False
    ) -> None:
        """With `retiring` it takes what waits for this session and asks for nothing new."""
        super().__init__(name=name)
        self.generation = 0
        self.connected = False
        self._lane = mailbox.add()
        self._arrived = mailbox.arrived
        self._pause = RECONNECT_SECONDS[0]
        self._received = 0
        self._stored: deque[Receipt] = deque()
        self._ending = threading.Event()
        self._called, self._call = socket.socketpair()
        self._calling = False
        self._retiring = retiring
        self._settings = settings
        group = settings.mqtt_group
        self._topics = [f"$share/{group}/{topic}" if group else topic for topic in topics]
        self._client = self._paho(keep_session=True)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_socket_register_write = lambda *_: None  # we write when the socket takes it

    def _paho(self, *, keep_session: bool) -> mqtt.Client:
        settings = self._settings
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            f"shouwang-ingest-{settings.worker}-{self.name}",
            clean_session=not keep_session,
            protocol=mqtt.MQTTv311,
            manual_ack=True,
        )
        prepare(client, settings)
        client.connect_async(settings.mqtt_host, settings.mqtt_port, keepalive=KEEPALIVE)
        return client

    def acknowledge(self, receipt: Receipt) -> None:
        """To be told to the broker, if the message came by the connection that stands then. Never blocks."""
        self._stored.append(receipt)
        if not self._calling:
            self._calling = True
            self._call.send(b"\0")

    def stop(self) -> None:
        """Disconnect; the session stays at the broker, with everything that was not acknowledged, unless retiring."""
        self._ending.set()
        self._call.send(b"\0")
        self.join()
        self._call.close()
        self._called.close()

    def run(self) -> None:
        """Connect, again and again until it works, and serve the connection; until stopped."""
        while not self._ending.is_set():
            try:
                self._client.reconnect()
                self._serve()
            except OSError as error:
                log.warning("%s: no connection to the broker: %s", self.name, error)
            self._ending.wait(self._pause)
            self._pause = min(self._pause * 2, RECONNECT_SECONDS[1])
        if self._retiring:
            self._forget()

    def _serve(self) -> None:
        """Read and write until the connection is lost or ended."""
        more = False
        while (sock := self._client.socket()) is not None:
            room = len(self._lane) < self._settings.waiting_maximum
            readers: list[Any] = [self._called, sock] if room else [self._called]
            writers = [sock] if self._client.want_write() else []
            readable, _, _ = select.select(readers, writers, [], 0 if more and room else 1)
            if self._called in readable:
                self._called.recv(4096)
                self._calling = False
            if room and (more or sock in readable):
                more = self._read()
            ending = self._ending.is_set()
            self._acknowledge_stored()
            if ending:
                self._client.disconnect()
            self._client.loop_write()
            self._client.loop_misc()
            if ending:
                return

    def _acknowledge_stored(self) -> None:
        while self._stored:
            receipt = self._stored.popleft()
            if receipt.current():
                self._client.ack(receipt.mid, 1)

    def _read(self) -> bool:
        """Read packets; True when there may be more."""
        for _ in range(READ_AT_ONCE):
            before = self._received
            if self._client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return False
            if self._received == before and not _pending(self._client.socket()):
                return False
        return True

    def _forget(self) -> None:
        """End the session at the broker."""
        client = self._paho(keep_session=False)
        client.on_connect = lambda client, *_: client.disconnect()
        client.loop_forever()

    def _on_connect(self, client: mqtt.Client, _data: Any, flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure:
            log.error("%s: the broker refuses the connection: %s", self.name, reason)
            return
        self._pause = RECONNECT_SECONDS[0]
        if self._retiring:
            client.unsubscribe(self._topics)
            self.connected = True
        else:
            client.subscribe([(topic, 1) for topic in self._topics])
        log.info("%s: connected, session %s", self.name, "resumed" if flags.session_present else "new")

    def _on_subscribe(
        self, _client: mqtt.Client, _data: Any, _mid: int, reasons: list[ReasonCode], _properties: Any
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            log.error("%s: the broker refuses a subscription: %s", self.name, ", ".join(map(str, reasons)))
        else:
            self.connected = True

    def _on_disconnect(
        self, _client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        self.connected = False
        self.generation += 1
        log.warning("%s: disconnected: %s", self.name, reason)

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        self._received += 1
        receipt = Receipt(self, message.mid, self.generation)
        self._lane.append(Message(message.topic, bytes(message.payload), time.time_ns() // 1000, receipt))
        if not self._arrived.is_set():
            self._arrived.set()


def _pending(sock: object) -> int:
    """Bytes that TLS has decrypted and nobody read yet; select does not see them."""
    return sock.pending() if isinstance(sock, ssl.SSLSocket) else 0
