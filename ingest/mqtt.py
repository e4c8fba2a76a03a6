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
from collections import OrderedDict, deque
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from core import identity
from core.mqtt import prepare
from core.settings import Settings
from ingest.draft import Message
from ingest.mailbox import Mailbox
from ingest.topics import Lane, may_be_kept

log = logging.getLogger(__name__)
KEEPALIVE = 10  # seconds: a connection that is half open is noticed in twice that
RECONNECT_SECONDS = (1.0, 15.0)  # first and longest pause between tries
ROOM_SECONDS = 0.2  # between looks whether there is room to connect again
READ_AT_ONCE = 200  # packets, before acknowledgements have their turn
WAITING_BYTES = 134_217_728  # of one connection; beyond it, as beyond waiting_maximum, it reads no further
SWEPT_SECONDS = 60.0  # our own empty message comes back at once, or never
SWEPT_MAXIMUM = 10_000  # topics of which our own empty message is waited for


class Receipt(NamedTuple):
    """What acknowledges one message."""

    connection: "Connection"
    mid: int  # 0: sent with QoS 0, the broker wants no acknowledgement
    generation: int
    sweep: str = ""  # a topic on which the broker should keep nothing, now that what it kept is stored

    def current(self) -> bool:
        """Whether the message still counts: one of an earlier connection is delivered again, unless it was QoS 0."""
        return self.mid == 0 or self.generation == self.connection.generation

    def acknowledge(self) -> None:
        """Tell the broker that the message is stored."""
        self.connection.acknowledge(self)


class Connection(threading.Thread):
    """A connection, its subscriptions, and the lane of a mailbox that it fills."""

    def __init__(
        self,
        settings: Settings,
        name: str,
        lane: Lane,
        mailbox: Mailbox,
        *,
        retiring: bool = False,
        client_id: str = "",
    ) -> None:
        """With `retiring` it takes what waits for this session, by `client_id` an earlier one, and nothing new."""
        super().__init__(name=name)
        user, password = settings.mqtt_username, settings.mqtt_password.get_secret_value()
        self._client_id = client_id or identity.client_id(f"shouwang-ingest-{settings.worker}-{name}", user, password)
        self.fingerprint = identity.fingerprint(self._client_id)
        self.generation = 0
        self.connected = False
        self._waiting = mailbox.add()
        self.resumed = False  # the session was there
        self.received = 0
        self.outstanding = 0  # came by the connection that stands now and are not stored yet
        self._arrived = mailbox.arrived
        self._pause = RECONNECT_SECONDS[0]
        self._stored: deque[Receipt] = deque()
        self._ending = threading.Event()
        self._called, self._call = socket.socketpair()
        self._calling = False
        self._retiring = retiring
        self._forgetting = False
        self._settings = settings
        self._lane = lane._replace(
            filters=[self._shared(topic) for topic in lane.filters],
            former=[self._shared(topic) for topic in lane.former],
        )
        self._swept: OrderedDict[str, float] = OrderedDict()  # topic → until when our own empty message may come back
        self._client = self._paho(keep_session=True)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_socket_register_write = lambda *_: None  # we write when the socket takes it

    def _room(self) -> bool:
        waiting = self._waiting
        return len(waiting) < self._settings.waiting_maximum and waiting.size < WAITING_BYTES

    def _shared(self, topic: str) -> str:
        group = self._settings.mqtt_group
        return f"$share/{group}/{topic}" if group else topic

    def _paho(self, *, keep_session: bool) -> mqtt.Client:
        settings = self._settings
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            self._client_id,
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

    def stop(self, *, forget: bool = False) -> None:
        """Disconnect; the session stays at the broker with everything not acknowledged, unless it is forgotten."""
        self._forgetting = forget
        self._ending.set()
        self._call.send(b"\0")
        if self.ident:  # it was started
            self.join()
        self._call.close()
        self._called.close()

    def run(self) -> None:
        """Connect, again and again until it works, and serve the connection; until stopped."""
        while not self._ending.is_set():
            if not self._room():  # what waits at the broker is safer there: QoS 0 would be lost in an unread socket
                self._ending.wait(ROOM_SECONDS)
                continue
            try:
                self._client.reconnect()
                self._serve()
            except OSError as error:
                log.warning("%s: no connection to the broker: %s", self.name, error)
            self._ending.wait(self._pause)
            self._pause = min(self._pause * 2, RECONNECT_SECONDS[1])
        if self._forgetting:
            self._forget()

    def _serve(self) -> None:
        """Read and write until the connection is lost or ended."""
        more = False
        while (sock := self._client.socket()) is not None:
            room = self._room()
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
            if receipt.mid and receipt.current():
                self.outstanding -= 1
                self._client.ack(receipt.mid, 1)
            if receipt.sweep:
                self._sweep(receipt.sweep)

    def _sweep(self, topic: str) -> None:
        """Let the broker keep nothing there. The message that says so comes back to us, and means nothing."""
        self._swept[topic] = time.monotonic() + SWEPT_SECONDS
        while len(self._swept) > SWEPT_MAXIMUM:
            self._swept.popitem(last=False)
        self._client.publish(topic, b"", qos=0, retain=True)

    def _is_our_sweep(self, message: mqtt.MQTTMessage) -> bool:
        return not message.payload and self._swept.pop(message.topic, 0.0) > time.monotonic()

    def _read(self) -> bool:
        """Read packets; True when there may be more."""
        for _ in range(READ_AT_ONCE):
            before = self.received
            if self._client.loop_read() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return False
            if self.received == before and not _pending(self._client.socket()):
                return False
        return True

    def _forget(self) -> None:
        """End the session at the broker."""
        client = self._paho(keep_session=False)
        client.on_connect = lambda client, *_: client.disconnect()
        try:
            client.loop_forever()
        except OSError as error:
            log.warning("%s: its session stays at the broker: %s", self.name, error)

    def _on_connect(self, client: mqtt.Client, _data: Any, flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure:
            log.error("%s: the broker refuses the connection: %s", self.name, reason)
            return
        self._pause = RECONNECT_SECONDS[0]
        self.resumed = flags.session_present or self.resumed
        if self._retiring:
            client.unsubscribe([*self._lane.filters, *self._lane.former])
            self.connected = True
        else:
            client.subscribe([(topic, 1) for topic in self._lane.filters])
            if self._lane.former:  # after the new ones: what comes twice is stored once, what comes never is lost
                client.unsubscribe(self._lane.former)
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
        self.outstanding = 0
        level = logging.INFO if self._ending.is_set() else logging.WARNING
        log.log(level, "%s: disconnected: %s", self.name, reason)

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        self.received += 1
        topic, kept = message.topic, message.retain
        receipt = Receipt(self, message.mid if message.qos else 0, self.generation)
        self.outstanding += message.qos > 0
        if self._lane.leaves(topic) or (self._swept and self._is_our_sweep(message)):
            self._stored.append(receipt)
            return
        if kept and not may_be_kept(topic) and not self._retiring:
            receipt = receipt._replace(sweep=topic)
        self._waiting.came += len(message.payload)
        self._waiting.append(Message(topic, bytes(message.payload), time.time_ns() // 1000, receipt, kept, message.qos))
        if not self._arrived.is_set():
            self._arrived.set()


def _pending(sock: object) -> int:
    """Bytes that TLS has decrypted and nobody read yet; select does not see them."""
    return sock.pending() if isinstance(sock, ssl.SSLSocket) else 0
