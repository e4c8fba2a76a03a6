"""A load of QoS 1 messages, pre-encoded and written in bulk, so that the publisher is not what is measured.

MQTT 3.1.1 spoken directly: a client library would spend more per message than broker and worker together.
"""

import argparse
import json
import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterable, Iterator

WINDOW = 2000  # messages under way without PUBACK
CHUNK = 100  # messages per write
PREPARED = 2_000_000  # messages encoded before the first is sent; of more than those, each as it is sent


def connect(port: int, user: str, password: str, client: str) -> socket.socket:
    """A connected MQTT session; raises ConnectionError when the broker refuses."""
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    body = b"\x00\x04MQTT\x04\xc2\x00\x3c" + b"".join(_text(word.encode()) for word in (client, user, password))
    sock.sendall(b"\x10" + _length(len(body)) + body)
    if sock.recv(4) != b"\x20\x02\x00\x00":
        raise ConnectionError("the broker refuses the load's login")
    return sock


def _text(word: bytes) -> bytes:
    return struct.pack(">H", len(word)) + word


def _length(size: int) -> bytes:
    out = bytearray()
    while True:
        size, digit = divmod(size, 128)
        out.append(digit | (0x80 if size else 0))
        if not size:
            return bytes(out)


def publish(topic: str, payload: bytes, mid: int) -> bytes:
    """One PUBLISH packet at QoS 1."""
    body = _text(topic.encode()) + struct.pack(">H", mid) + payload
    return b"\x32" + _length(len(body)) + body


def readings(serials: list[str], vendor: str, start_ms: int, each: int = 3) -> Iterator[tuple[str, bytes]]:
    """Endless messages of `each` readings (1 to 3), every (device, time) once."""
    number = 0
    while True:
        for serial in serials:
            # Whole seconds of 2-3 min ago onwards, a millisecond per round: within the clock's bounds, never twice.
            values = [
                b'"temperature":%d.5' % (18 + number % 5), b'"humidity":%d' % (40 + number % 20), b'"battery":90',
            ][:each]  # fmt: skip
            payload = b'{"ts":%d,"values":{%b}}' % (start_ms + number, b",".join(values))
            yield f"sw/v1/{vendor}/{serial}/telemetry", payload
        number += 1


def encoded(messages: Iterator[tuple[str, bytes]], count: int) -> Iterator[bytes]:
    """The first `count` of them as packets, so many as are written at once."""
    for first in range(0, count, CHUNK):
        numbers = range(first, min(first + CHUNK, count))
        yield b"".join([publish(*next(messages), number % 65535 + 1) for number in numbers])


class Load:
    """Sends messages, at `rate` per second or as fast as they are acknowledged."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._answered = threading.Condition()
        self.acknowledged = 0
        threading.Thread(target=self._acks, daemon=True).start()

    def _acks(self) -> None:
        rest = 0
        while data := self._sock.recv(65536):
            whole, rest = divmod(rest + len(data), 4)  # a PUBACK is four bytes
            with self._answered:
                self.acknowledged += whole
                self._answered.notify()

    def _wait(self, acknowledged: int) -> None:
        with self._answered:
            self._answered.wait_for(lambda: self.acknowledged >= acknowledged)

    def run(self, messages: Iterator[tuple[str, bytes]], count: int, rate: float | None) -> float:
        """Send `count` of `messages`; seconds until the last acknowledgement."""
        return self.send(list(encoded(messages, count)), count, rate)

    def send(self, packets: Iterable[bytes], count: int, rate: float | None) -> float:
        """Send what was encoded of `count` messages; seconds until the last acknowledgement."""
        begin = time.monotonic()
        for number, chunk in enumerate(packets, 1):
            self._wait(number * CHUNK - WINDOW)
            self._sock.sendall(chunk)
            if rate:
                time.sleep(max(0.0, begin + number * CHUNK / rate - time.monotonic()))
        self._wait(count)
        return time.monotonic() - begin


def main() -> None:
    """Run as a process of its own: says `ready`, begins at a line of input, prints a line of JSON when done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--vendor", required=True)
    parser.add_argument("--serials", required=True, help="JSON file: list of serials")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--rate", type=float, default=None)
    parser.add_argument("--readings", type=int, default=3, help="of a message, 1 to 3")
    options = parser.parse_args()
    with open(options.serials, encoding="utf-8") as file:  # noqa: PTH123 - one line
        serials = json.load(file)
    sock = connect(options.port, options.vendor, os.environ["VENDOR_PASSWORD"], f"load-{os.getpid()}")
    messages = readings(serials, options.vendor, int(time.time() * 1000) - 120_000, options.readings)
    packets: Iterable[bytes] = encoded(messages, options.count)
    if options.count <= PREPARED:
        packets = list(packets)
    print("ready", flush=True)
    sys.stdin.readline()
    seconds = Load(sock).send(packets, options.count, options.rate)
    json.dump({"messages": options.count, "seconds": seconds, "rate": options.count / seconds}, sys.stdout)


if __name__ == "__main__":
    main()
