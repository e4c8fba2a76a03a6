"""Persistent MQTT connections of a worker. What they receive is acknowledged when its transaction has committed.

Each connection has a thread that does all of its reading and writing, and is never blocked by the database, or the
broker would take us for dead. What waits is bounded by the broker's in-flight limit, and should that be missing, by not
reading on: back-pressure is the protocol's. Why MQTT 3.1.1: docs/decisions/0007.
"""

import contextlib
import logging
import select
import socket
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Any, TypeVar

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from core import identity
from core.mqtt import prepare
from core.settings import Settings
from ingest.client import Client
from ingest.draft import Message
from ingest.mailbox import Mailbox
from ingest.topics import Subscription, may_be_kept

log = logging.getLogger(__name__)
VERSION2 = CallbackAPIVersion.VERSION2
Paho = TypeVar("Paho", bound=mqtt.Client)
KEEPALIVE = 10  # seconds: a connection that is half open is noticed in twice that
RECONNECT_SECONDS = (1.0, 15.0)  # first and longest pause between tries
POLL_MILLISECONDS = 1000  # between looks at the keepalive when nothing happens
ROOM_SECONDS = 0.2  # between looks whether there is room to connect again
LEAVING_SECONDS = 1.0  # for the last acknowledgements, if the broker is slow to take them
FORGETTING_SECONDS = 5.0  # for the broker to end a session
NOT_MQTT = "Protocol error"  # paho's reason, where it is the broker that can't be understood
WAITING_BYTES = 134_217_728  # of one connection; beyond it, as beyond waiting_maximum, it reads no further
SWEPT_SECONDS = 60.0  # our own empty message comes back at once, or never
SWEPT_MAXIMUM = 10_000  # topics of which our own empty message is waited for


def session(settings: Settings, lane: str) -> str:
    """The name of a lane's session, the readable part of its id: the vendor's, or in a group each worker's own."""
    return f"shouwang-ingest-{settings.worker}-{lane}" if settings.mqtt_group else f"shouwang-ingest-{lane}"


class BrokerLink:
    """One network connection of a `Connection`, from the time it stands until it is lost."""

    def __init__(self, connection: "Connection") -> None:
        self.current = True
        self._connection = connection

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Have the broker told that they are stored, if it still waits for that. Never blocks."""
        self._connection.stored(self, messages)


class Connection(threading.Thread):
    """A connection, its subscriptions, and the lane of a mailbox that it fills."""

    def __init__(
        self,
        settings: Settings,
        name: str,
        lane: Subscription,
        mailbox: Mailbox,
        *,
        retiring: bool = False,
        client_id: str = "",
    ) -> None:
        """With `retiring` it takes what waits for this session, by `client_id` an earlier one, and nothing new."""
        super().__init__(name=name)
        user, password = settings.mqtt_username, settings.mqtt_password.get_secret_value()
        self._client_id = client_id or identity.client_id(session(settings, name), user, password)
        self.fingerprint = identity.fingerprint(self._client_id)
        self.connected = False
        self.resumed = False  # the session was there
        self.received = self.lost = 0  # messages, and connections
        self.outstanding = 0  # messages that came by the connection that stands now and are not acknowledged yet
        self._waiting = mailbox.add()
        self._pause = RECONNECT_SECONDS[0]
        self._stored: deque[tuple[BrokerLink, Sequence[Message]]] = deque()
        self._ending = threading.Event()
        self._leave_by = 0.0  # time.monotonic()
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
        self._link = BrokerLink(self)
        client = Client(
            VERSION2, self._client_id, clean_session=False, protocol=mqtt.MQTTv311,
            reconnect_on_failure=False,  # paho would go over to MQTT 3.1 by itself, for good, if a broker asks for it
        )  # fmt: skip
        self._client = self._prepared(client)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect

    def _room(self) -> bool:
        waiting = self._waiting
        return len(waiting) < self._settings.waiting_maximum and waiting.size < WAITING_BYTES

    def _shared(self, topic: str) -> str:
        group = self._settings.mqtt_group
        return f"$share/{group}/{topic}" if group else topic

    def _prepared(self, client: Paho) -> Paho:
        prepare(client, self._settings)
        client.connect_async(self._settings.mqtt_host, self._settings.mqtt_port, keepalive=KEEPALIVE)
        return client

    def stored(self, link: BrokerLink, messages: Sequence[Message]) -> None:
        """To be acknowledged, all in one write, if the link they came by still stands then. Never blocks."""
        self._stored.append((link, messages))
        if not self._calling:
            self._calling = True
            with contextlib.suppress(OSError):  # stopped: the broker delivers them again
                self._call.send(b"\0")

    def leave(self, seconds: float = 0, *, forget: bool = False) -> None:
        """Begin to stop: read no more, and disconnect when all that came is stored, or after so many seconds."""
        self._leave_by = max(self._leave_by, time.monotonic() + seconds)
        self._forgetting = forget
        self._ending.set()
        self._call.send(b"\0")

    def stop(self, *, forget: bool = False) -> None:
        """Disconnect; the session stays at the broker with everything not acknowledged, unless it is forgotten."""
        self.leave(forget=forget)
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
            except Exception:  # a bug must not end the thread: nothing of its vendor would arrive any more
                log.exception("%s: the connection failed", self.name)
            self._part()
            self._ending.wait(self._pause)
            self._pause = min(self._pause * 2, RECONNECT_SECONDS[1])
        self._waiting.closed = True
        if self._forgetting:
            self._forget()

    def _part(self) -> None:
        """From here on nothing that came before is acknowledged."""
        self.connected = self._link.current = False
        self._link = BrokerLink(self)
        self.outstanding = 0

    def _serve(self) -> None:
        """Read and write until the connection is lost or ended."""
        client, poll = self._client, select.poll()
        poll.register(self._called, select.POLLIN)
        while (sock := client.socket()) is not None:
            reading = self._room() and not client.overasked() and not self._ending.is_set()
            events = (select.POLLIN if reading else 0) | (select.POLLOUT if client.unsent() else 0)
            if events:
                poll.register(sock, events)
            ready = dict(poll.poll(0 if reading and client.pending() else POLL_MILLISECONDS))
            if events:
                poll.unregister(sock)
            if self._called.fileno() in ready:
                self._called.recv(4096)
                self._calling = False
            if reading and (sock.fileno() in ready or client.pending()):
                self._take(self._link)
            self._acknowledge_stored()
            client.flush()
            client.loop_misc()
            if self._ending.is_set() and not (self.outstanding and time.monotonic() < self._leave_by):
                client.finish(LEAVING_SECONDS)
                return

    def _acknowledge_stored(self) -> None:
        while self._stored:
            link, messages = self._stored.popleft()
            if link.current:
                self._client.acknowledge(messages)
                self.outstanding -= len(messages)
            for message in messages:
                if message.retained and not self._retiring and not may_be_kept(message.topic):
                    self._sweep(message.topic)

    def _sweep(self, topic: str) -> None:
        """Let the broker keep nothing there. The message that says so comes back to us, and means nothing."""
        self._swept[topic] = time.monotonic() + SWEPT_SECONDS
        while len(self._swept) > SWEPT_MAXIMUM:
            self._swept.popitem(last=False)
        with contextlib.suppress(ValueError):  # no topic that anybody may publish to
            self._client.publish(topic, b"", qos=0, retain=True)

    def _take(self, link: BrokerLink) -> None:
        """Put what came into the lane. What is not the lane's is done with."""
        leaves = self._lane.leaves
        mine: list[Message] = []
        others: list[Message] = []
        for message in self._client.receive(link):
            left = leaves(message[0]) or (not message[1] and self._is_our_sweep(message))
            (others if left else mine).append(message)
        self.received += len(mine) + len(others)
        if link.current:
            self.outstanding += len(mine)
            self._client.acknowledge(others)
        if mine:
            self._waiting.put(mine)

    def _is_our_sweep(self, message: Message) -> bool:
        return self._swept.pop(message.topic, 0.0) > time.monotonic()

    def _forget(self) -> None:
        """End the session at the broker."""
        client = self._prepared(mqtt.Client(VERSION2, self._client_id, clean_session=True, protocol=mqtt.MQTTv311))
        ended = threading.Event()

        def leave(client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
            if not reason.is_failure:
                ended.set()
            client.disconnect()

        client.on_connect = leave
        until = time.monotonic() + FORGETTING_SECONDS
        try:
            client.reconnect()
            while client.socket() and time.monotonic() < until:
                client.loop(0.1)
        except OSError as error:
            log.warning("%s: no connection to the broker: %s", self.name, error)
        if not ended.is_set():
            log.warning("%s: its session stays at the broker", self.name)

    def _on_connect(self, client: mqtt.Client, _data: Any, flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure:
            log.error("%s: the broker refuses the connection: %s", self.name, reason)
            return
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
        self, client: mqtt.Client, _data: Any, _mid: int, reasons: list[ReasonCode], _properties: Any
    ) -> None:
        if not reasons or any(reason.is_failure for reason in reasons):
            log.error("%s: the broker refuses a subscription: %s", self.name, ", ".join(map(str, reasons)))
            client.disconnect()  # to ask again: nobody is heard by a connection without its subscription
        else:
            self.connected = True

    def _on_disconnect(
        self, _client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any
    ) -> None:
        if self.connected and reason != NOT_MQTT:
            self._pause = RECONNECT_SECONDS[0]
        self._part()
        self.lost += 1
        level = logging.INFO if self._ending.is_set() else logging.WARNING
        log.log(level, "%s: disconnected: %s", self.name, reason)
