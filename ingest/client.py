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

from ingest.draft import Acknowledger, Message
from ingest.packets import Malformed, acknowledgements, split

log = logging.getLogger(__name__)
READ_BYTES = 65_536  # at once, before acknowledgements have their turn
AHEAD = READ_BYTES  # µs; no read holds as many messages
ASKED_BYTES = 65_536  # of packets that paho may have to answer, while the broker does not take its answers
REFUSED = b"\xf0\0"  # a packet that paho calls a protocol error
NOTHING_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Client(mqtt.Client):
    """A client whose owner calls `receive`, `acknowledge`, `flush` and `loop_misc`, all of them from one thread.

    What it holds is bounded by the broker: one unfinished packet (its limit for packets, 256 MiB by the protocol) and
    acknowledgements that the socket does not take yet (four bytes for each message in flight). Its owner reads no
    further while it is `overasked`.
    """

    _handed = b""  # to paho: whole packets …
    _taken = 0  # … of which it has read so many bytes
    _asked = 0  # bytes handed to it since all of its packets were written
    _wanted = 0  # bytes that an unfinished packet must have before it is looked at again
    _last = 0  # µs: when the last message was received
    _unsent = b""  # acknowledgements
    _begun = False  # a part of them is written
    _over = False  # the connection is lost, or given up
    _held: bytearray  # of a packet that has not come whole; in one piece, or every piece would cost what all before did

    def reconnect(self) -> MQTTErrorCode:
        """Connect anew, with nothing left of the former connection. Raises OSError."""
        self._handed, self._taken, self._asked = b"", 0, 0
        self._held, self._wanted = bytearray(), 0
        self._unsent = b""
        self._over = self._begun = False
        self.on_socket_register_write = lambda *_: None  # so paho leaves it to us when its packets are written
        return super().reconnect()

    def _sock_recv(self, bufsize: int) -> bytes:
        """Where paho reads; no part of its documented surface."""
        piece = self._handed[self._taken : self._taken + bufsize]
        if not piece and not self._over:
            raise BlockingIOError
        self._taken += len(piece)
        return piece

    def receive(self, link: Acknowledger) -> list[Message]:
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
        if not self._held:
            return self._messages(piece, link)
        self._held += piece
        return self._messages(bytes(self._held), link) if len(self._held) >= self._wanted else []

    def _messages(self, data: bytes, link: Acknowledger) -> list[Message]:
        try:
            found = split(data, self._now(), link, v5=self.protocol == mqtt.MQTTv5)
        except Malformed as error:
            log.warning("the broker sends what is not MQTT: %s", error)
            self._hand(REFUSED)
            return []
        self._last = found.messages[-1].received if found.messages else self._last
        self._held, self._wanted = bytearray(data[found.used :]), found.wanted
        self._hand(found.others)
        return found.messages

    def _now(self) -> int:
        """The time in µs, after that of the last message: that may be a little ahead, by one for each of its read."""
        now = time.time_ns() // 1000
        return max(now, min(self._last + 1, now + AHEAD))

    def _hand(self, packets: bytes) -> None:
        """Have paho read them."""
        self._handed, self._taken = packets, 0
        self._asked += len(packets)
        while self._taken < len(self._handed) and self.socket():
            self.loop_read()

    def give_up(self) -> None:
        """End the connection without a word, as if it were lost."""
        self._over, self._handed = True, b""
        self.loop_read()

    def overasked(self) -> bool:
        """Whether the broker asks for answers and takes none: they would fill the memory."""
        return self._asked > ASKED_BYTES

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
        if not self.want_write():
            self._asked = 0
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
        """Disconnect, after everything that waits is written; without a word if the socket does not take it so long."""
        until = time.monotonic() + seconds
        self._drain(until)
        self.disconnect()
        self._drain(until)
        if self.socket():
            self.give_up()

    def _drain(self, until: float) -> None:
        """Write what waits, until that moment of time.monotonic() at the latest."""
        self.flush()
        while self.unsent() and (sock := self.socket()) and (left := until - time.monotonic()) > 0:
            poll = select.poll()
            poll.register(sock, select.POLLOUT)
            poll.poll(1000 * left)
            self.flush()
