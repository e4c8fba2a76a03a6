"""paho's client, with a way of its own to read messages and to acknowledge them: many at a time.

paho takes a packet apart byte by byte, which costs it 20 µs, and writes each acknowledgement by itself. Here a PUBLISH
never reaches it: this module reads the socket, takes the messages out, and hands paho what is left. paho connects,
subscribes, keeps alive, and answers everything else. What of paho this rests upon: docs/decisions/0011.
"""

import logging
import select
import ssl
import time
from collections.abc import Iterable

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode

from ingest.draft import Link, Message
from ingest.packets import Malformed, acknowledgements, split

log = logging.getLogger(__name__)
READ_BYTES = 65_536  # at once, before acknowledgements have their turn
AHEAD = READ_BYTES  # µs; no read holds as many messages
NOTHING_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Client(mqtt.Client):
    """A client whose owner calls `receive`, `acknowledge`, `flush` and `loop_misc`, all of them from one thread.

    What it holds is bounded by the broker: one unfinished packet (its limit for packets, 256 MiB by the protocol) and
    acknowledgements that the socket does not take yet (four bytes for each message in flight).
    """

    _handed = b""  # to paho: whole packets
    _pieces: tuple[bytes, ...] = ()  # of a packet that has not come whole …
    _held = _wanted = 0  # … their bytes, and how many there must be before it is looked at again
    _last = 0  # µs: when the last message was received
    _unsent = b""  # acknowledgements
    _begun = False  # a part of them is written
    _over = False  # the connection is lost, or given up

    def reconnect(self) -> MQTTErrorCode:
        """Connect anew, with nothing left of the former connection. Raises OSError."""
        self._handed = self._unsent = b""
        self._pieces, self._held, self._wanted = (), 0, 0
        self._over = self._begun = False
        self.on_socket_register_write = lambda *_: None  # so paho leaves it to us when its packets are written
        return super().reconnect()

    def _sock_recv(self, bufsize: int) -> bytes:
        """Where paho reads; no part of its documented surface."""
        if not self._handed and not self._over:
            raise BlockingIOError
        piece, self._handed = self._handed[:bufsize], self._handed[bufsize:]
        return piece

    def receive(self, link: Link) -> list[Message]:
        """Messages that have come. Where the connection is lost, or what comes is not MQTT, paho is told."""
        sock = self.socket()
        try:
            piece = sock.recv(READ_BYTES) if sock else b""
        except NOTHING_NOW:
            return []
        except OSError:
            piece = b""
        if not piece:
            self.give_up()
            return []
        self._pieces, self._held = (*self._pieces, piece), self._held + len(piece)
        return self._messages(link) if self._held >= self._wanted else []

    def _messages(self, link: Link) -> list[Message]:
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        try:
            found = split(data, self._now(), link, v5=self.protocol == mqtt.MQTTv5)
        except Malformed as error:
            log.warning("the broker sends what is not MQTT: %s", error)
            self.give_up()
            return []
        self._last = found.messages[-1].received if found.messages else self._last
        rest = data[found.used :]
        self._pieces, self._held, self._wanted = ((rest,) if rest else ()), len(rest), found.wanted
        self._handed = found.others
        while self._handed and self.socket():
            self.loop_read()
        return found.messages

    def _now(self) -> int:
        """The time in µs, after that of the last message: that may be a little ahead, by one for each of its read."""
        now = time.time_ns() // 1000
        return max(now, min(self._last + 1, now + AHEAD))

    def give_up(self) -> None:
        """End the connection without a word, as if it were lost."""
        self._over, self._handed = True, b""
        self.loop_read()

    def pending(self) -> int:
        """Bytes that TLS has decrypted and nobody read yet; a poll of the socket does not see them."""
        sock = self.socket()
        return sock.pending() if isinstance(sock, ssl.SSLSocket) else 0

    def acknowledge(self, messages: Iterable[Message]) -> None:
        """Have their acknowledgements written, all at once, with the next `flush`."""
        self._unsent += acknowledgements(messages)

    def unsent(self) -> bool:
        """Whether something waits for the socket to take it."""
        return bool(self._unsent) or self.want_write()

    def flush(self) -> None:
        """Write what waits, as far as the socket takes it: never our bytes amid a packet of paho's, nor the reverse."""
        if not self._begun:
            self.loop_write()
        sock = self.socket()
        if not self._unsent or sock is None or (self.want_write() and not self._begun):
            return
        try:
            self._unsent = self._unsent[sock.send(self._unsent) :]
        except NOTHING_NOW:
            self._begun = True  # TLS may hold a part of it
        except OSError:
            self.give_up()
        else:
            self._begun = bool(self._unsent)

    def finish(self, seconds: float) -> None:
        """Disconnect, after everything that waits is written, if the socket takes it in so long."""
        until = time.monotonic() + seconds
        while self.unsent() and (sock := self.socket()) and time.monotonic() < until:
            poll = select.poll()
            poll.register(sock, select.POLLOUT)
            poll.poll(1000 * seconds)
            self.flush()
        self.disconnect()
        self.flush()
