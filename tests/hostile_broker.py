"""A broker that does as it is told, right or wrong: answers or not, sends any bytes in any pieces, reads or not."""

import contextlib
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from tests.waiting import eventually

CONNECT, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 1, 3, 4, 5, 6, 7  # kinds: the upper four bits of a first byte
SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT = 8, 10, 12, 14
CONNACK, PINGRESP = b"\x20\x02\x00\x00", b"\xd0\x00"
LATER = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
RECEIVE_BYTES = 4096  # of the kernel, for each connection: what is not read is soon felt


def length(size: int) -> bytes:
    """A variable byte integer."""
    out = bytearray()
    while True:
        size, digit = divmod(size, 128)
        out.append(digit | (128 if size else 0))
        if not size:
            return bytes(out)


def publish(
    topic: bytes, payload: bytes, qos: int = 1, packet_id: int = 7, retain: bool = False, properties: bytes = b"",
    duplicate: bool = False,
) -> bytes:  # fmt: skip
    """A PUBLISH; nothing of it is checked."""
    body = len(topic).to_bytes(2, "big") + topic + (packet_id.to_bytes(2, "big") if qos else b"") + properties + payload
    return bytes([0x30 | duplicate << 3 | qos << 1 | retain]) + length(len(body)) + body


@dataclass
class Manners:
    """How whoever connects is treated."""

    greeting: bytes = CONNACK
    granted: bytes = b"\x01"  # codes in the SUBACK
    answers: bool = True  # SUBSCRIBE, UNSUBSCRIBE and PINGREQ
    reads: bool = True
    after: bytes = b""  # sent at once behind the greeting


@dataclass
class Guest:
    """One connection to the broker, and every packet that came by it."""

    sock: socket.socket
    manners: Manners
    packets: list[bytes] = field(default_factory=list)
    raw: bytes = b""  # behind the last whole packet
    left: bool = False  # the client has closed it
    at: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)  # TLS bears one thread at a time

    def __post_init__(self) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """The test has closed it."""
        return self._ended.is_set()

    def send(self, data: bytes, piece: int = 0, *, pause: float = 0) -> None:
        """Everything, in pieces of so many bytes. Raises OSError when the client is gone."""
        for at in range(0, len(data), piece or len(data) or 1):
            self._send(data[at : at + piece] if piece else data)
            if pause:
                time.sleep(pause)

    def of(self, kind: int) -> list[bytes]:
        """Packets of a kind, in the order in which they came."""
        return [packet for packet in self.packets.copy() if packet[0] >> 4 == kind]

    def ids(self, kind: int = PUBACK) -> list[int]:
        """What was acknowledged."""
        return [int.from_bytes(packet[2:4], "big") for packet in self.of(kind)]

    def expect(self, kind: int, count: int = 1, seconds: float = 20) -> list[bytes]:
        """So many packets of a kind at the least."""
        eventually(lambda: len(self.of(kind)) >= count, seconds)
        return self.of(kind)

    def close(self, *, reset: bool = False) -> None:
        """End the connection, in the middle of whatever it is; with `reset` even what is sent is lost."""
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._ended.set()
        self._thread.join()
        self.sock.close()

    def close_notify(self) -> None:
        """End what is sent as TLS does, and leave the TCP connection alone."""
        assert isinstance(self.sock, ssl.SSLSocket)
        with self._lock, contextlib.suppress(*LATER, OSError):
            self.sock.unwrap()

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            with self._lock, contextlib.suppress(*LATER):
                view = view[self.sock.send(view) :]
                continue
            assert not self._ended.is_set(), "the test is over"
            select.select([], [self.sock], [], 0.05)

    def _read(self) -> None:
        while not self._ended.is_set() and not self.left:
            if not self.manners.reads:
                self._ended.wait(0.02)
                continue
            poll = select.poll()
            poll.register(self.sock, select.POLLIN)
            poll.poll(20)
            try:
                with self._lock:
                    data = self.sock.recv(65536)
            except LATER:
                continue
            except OSError:
                data = b""
            self.left = not data
            self._take(data)

    def _take(self, data: bytes) -> None:
        self.raw += data
        while (size := whole(self.raw)) and not self._ended.is_set():
            packet, self.raw = self.raw[:size], self.raw[size:]
            self.packets.append(packet)
            with contextlib.suppress(OSError, AssertionError):
                self._send(self._answer(packet))

    def _answer(self, packet: bytes) -> bytes:
        manners, kind = self.manners, packet[0] >> 4
        if kind == CONNECT:
            return manners.greeting + manners.after
        if not manners.answers:
            return b""
        if kind == SUBSCRIBE:
            return b"\x90" + length(2 + len(manners.granted)) + packet[2:4] + manners.granted
        return {UNSUBSCRIBE: b"\xb0\x02" + packet[2:4], PINGREQ: PINGRESP}.get(kind, b"")


def whole(data: bytes) -> int:
    """How many bytes the first packet has; 0 if it has not come whole."""
    size = at = 0
    while at + 1 < len(data):
        digit = data[at + 1]
        size |= (digit & 127) << 7 * at
        at += 1
        if digit < 128:
            return at + 1 + size if len(data) > at + size else 0
    return 0


class HostileBroker:
    """Listens on loopback, by TLS if it is given a certificate; `guests` are its connections, the oldest first."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.manners = Manners()
        self.guests: list[Guest] = []
        self._context = context
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)  # connections take it over
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self._listener.settimeout(0.05)
        self.port: int = self._listener.getsockname()[1]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def guest(self, number: int, seconds: float = 20) -> Guest:
        """The connection of that number, counted from 0, when it has come."""
        eventually(lambda: len(self.guests) > number, seconds)
        return self.guests[number]

    def subscriber(self, topic: str, seconds: float = 20) -> Guest:
        """The newest connection that stands and has subscribed to a filter."""
        wanted = len(topic).to_bytes(2, "big") + topic.encode()

        def found() -> Guest | None:
            standing = [guest for guest in reversed(self.guests) if not guest.left and not guest.ended]
            return next((one for one in standing if any(wanted in packet for packet in one.of(SUBSCRIBE))), None)

        guest = eventually(found, seconds)
        assert isinstance(guest, Guest)
        return guest

    def close(self) -> None:
        """End."""
        self._ended.set()
        self._thread.join()
        for guest in self.guests:
            guest.close()
        self._listener.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(OSError):
                sock, _ = self._listener.accept()
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(5)
                if self._context:
                    sock = self._context.wrap_socket(sock, server_side=True)
                sock.setblocking(False)
                self.guests.append(Guest(sock, replace(self.manners)))


@contextmanager
def hostile(context: ssl.SSLContext | None = None) -> Iterator[HostileBroker]:
    """Such a broker for a block."""
    broker = HostileBroker(context)
    try:
        yield broker
    finally:
        broker.close()
