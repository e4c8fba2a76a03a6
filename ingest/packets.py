"""MQTT packets out of a stream of bytes, many at a time, and acknowledgements into it. Pure.

A PUBLISH is taken apart here, as OASIS MQTT 3.1.1 and 5.0 lay it out in their sections 2.2 and 3.3; every other packet
is left whole for the MQTT library.
"""

from collections.abc import Iterable
from typing import NamedTuple

from ingest.draft import Acknowledger, Message

PUBLISH = 0x30  # in the four upper bits of a packet's first byte, section 2.2.1
ACKNOWLEDGED_BY = (b"", b"\x40\x02", b"\x50\x02")  # by quality of service: nothing, PUBACK, PUBREC; then the packet id
NO_ID = b"\0\0"
_message = tuple.__new__  # a third cheaper than the constructor, at every message


class Malformed(ValueError):
    """What came is not MQTT; nothing behind it can be trusted, so that the connection must be closed."""


class Split(NamedTuple):
    """What was found in a piece of the stream."""

    messages: list[Message]
    others: bytes  # the packets that are no PUBLISH, whole, in their order
    used: int  # bytes; behind them begins a packet that has not come whole
    wanted: int  # bytes that the piece must have before that packet can be whole; at least one more than it has


def split(data: bytes, received: int, link: Acknowledger | None = None, *, v5: bool = False) -> Split:
    """Every whole packet in `data`, which came at `received` (µs) by `link`, in MQTT 3.1.1 or 5.

    Each message is received a microsecond after the one before it: two that say the same and not when would be taken
    for one that was repeated. A topic that is no UTF-8 keeps what of it is. Raises Malformed.
    """
    messages: list[Message] = []
    others: list[bytes] = []
    at, end, wanted = 0, len(data), 2
    while at + 2 <= end:
        first, size, body = data[at], data[at + 1], at + 2
        if size > 127:
            size, body = _length(data, at + 1)
        stop = body + size
        if body > end or stop > end:
            wanted = stop - at
            break
        if first & 0xF0 != PUBLISH:
            others.append(data[at:stop])
        else:
            topic = body + 2
            rest = topic + (data[body] << 8 | data[body + 1]) if topic <= stop else stop + 1
            quality, name = first >> 1 & 3, rest
            if quality:
                rest += 2
            if rest > stop or quality == 3 or name == topic:
                raise Malformed(f"a PUBLISH of {size} bytes that can't be read")
            packet_id = data[name:rest]
            if packet_id == NO_ID:
                raise Malformed("a PUBLISH to be acknowledged without a packet id")
            if v5:
                properties, rest = _length(data, rest)  # what it reads behind the packet's end is refused with it
                rest += properties
                if rest > stop:
                    raise Malformed("a PUBLISH whose properties are longer than itself")
            text = data[topic:name].decode("utf-8", "replace")
            messages.append(
                _message(
                    Message,
                    (text, data[rest:stop], received + len(messages), link, bool(first & 1), quality, packet_id),
                )
            )
        at = stop
    return Split(messages, b"".join(others), at, max(wanted, end - at + 1))


def _length(data: bytes, at: int) -> tuple[int, int]:
    """A variable byte integer, and where what follows it begins: past the end if it has not come whole."""
    size = 0
    for shift in range(0, 28, 7):
        if at >= len(data):
            return 0, at + 1
        digit = data[at]
        size |= (digit & 127) << shift
        at += 1
        if digit < 128:
            return size, at
    raise Malformed("a length of more than four bytes")


def acknowledgements(messages: Iterable[Message]) -> bytes:
    """What tells the broker that messages are taken. One of QoS 2 is then released by it, and is not sent again."""
    return b"".join([ACKNOWLEDGED_BY[qos] + packet_id for *_, qos, packet_id in messages if qos])
