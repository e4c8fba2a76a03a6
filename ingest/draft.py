"""What one transaction will write: rows to store, refusals to keep, and the messages to acknowledge afterwards."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from core.packed import READING, Packed


class Receipt(Protocol):
    """Acknowledges one message to the connection it came by."""

    def current(self) -> bool:
        """Whether that connection still stands; if not, the broker delivers the message again."""

    def acknowledge(self) -> None:
        """Tell the broker that the message is stored."""


class Message(NamedTuple):
    """One MQTT message as it was received."""

    topic: str
    payload: bytes
    received: int  # microseconds since 1970-01-01 UTC
    receipt: Receipt | None = None  # None: taken from the database again


class DeadLetter(NamedTuple):
    """A message, or a part of one, that was refused."""

    message: Message
    vendor_id: int | None
    code: str
    reason: str

    @property
    def digest(self) -> bytes:
        """The same for a repeated message."""
        return hashlib.sha256(self.message.topic.encode() + b"\0" + self.message.payload).digest()


@dataclass(slots=True)
class Draft:
    """What one transaction will write. The columns grow together, a row each."""

    messages: list[Message] = field(default_factory=list)
    ts: list[int] = field(default_factory=list)
    device: list[int] = field(default_factory=list)
    home: list[int] = field(default_factory=list)
    metric: list[int] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    refused: list[DeadLetter] = field(default_factory=list)
    urgent: bool = False

    def __len__(self) -> int:
        return len(self.ts)

    def split(self) -> list["Draft"]:
        """One draft per row; the first carries the refusals."""
        parts = [
            Draft(self.messages, [ts], [device], [home], [metric], [flags], [value])
            for ts, device, home, metric, flags, value in zip(
                self.ts, self.device, self.home, self.metric, self.flags, self.value, strict=True
            )
        ]
        if parts:
            parts[0].refused = self.refused
        return parts

    def rows(self) -> tuple[Packed, NDArray[np.int32], int]:
        """(readings, home ids, how many duplicates were left out); the first of equal keys stays.

        They are in the order of the table's unique index: neighbours go to the same page of it, which is what an
        insertion costs most for.
        """
        packed = np.empty(len(self.ts), READING)
        packed["ts"], packed["device"], packed["metric"] = self.ts, self.device, self.metric
        packed["flags"], packed["value"] = self.flags, self.value
        order = np.lexsort((packed["ts"], packed["metric"], packed["device"]))
        keys = packed[order]
        same = np.zeros(len(keys), bool)
        same[1:] = (
            (keys["ts"][1:] == keys["ts"][:-1])
            & (keys["metric"][1:] == keys["metric"][:-1])
            & (keys["device"][1:] == keys["device"][:-1])
        )
        keep = order[~same]
        return packed[keep], np.array(self.home, np.int32)[keep], int(same.sum())


def refusal_counts(refused: Iterable[DeadLetter]) -> Counter[str]:
    """How many were refused, by code."""
    return Counter(letter.code for letter in refused)
