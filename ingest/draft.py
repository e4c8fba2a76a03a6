"""What one transaction will write: rows to store, refusals to keep, and the messages to acknowledge afterwards."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from core.model import Note
from core.packed import READING, Packed
from core.refusals import RefusalCode

OF_AN_INSTANT = 100  # different values of one device, metric and instant: the k-th is stored k µs later (decision 0010)


class Acknowledger(Protocol):
    """The network connection by which messages came."""

    current: bool  # it still stands; else the broker delivers again what it wants acknowledged

    def acknowledge(self, messages: "Sequence[Message]") -> None:
        """Tell the broker that they are stored."""


class Message(NamedTuple):
    """One MQTT message as it was received."""

    topic: str
    payload: bytes
    received: int  # microseconds since 1970-01-01 UTC
    link: Acknowledger | None = None  # None: nobody waits for an acknowledgement
    retained: bool = False  # the broker kept it, and gave it because we subscribed: it says nothing about now
    qos: int = 1
    packet_id: bytes = b""  # two bytes that it is acknowledged by on its link, none for QoS 0

    @property
    def counts(self) -> bool:
        """Whether to take it: what came by a link that is gone comes again, unless it was sent with QoS 0."""
        return self.link is None or self.link.current or not self.qos

    @property
    def digest(self) -> bytes:
        """The same for a repeated message."""
        return hashlib.sha256(self.topic.encode("utf-8", "replace") + b"\0" + self.payload).digest()


class DeadLetter(NamedTuple):
    """A message, or a part of one, that was refused."""

    message: Message
    vendor_id: int | None
    code: RefusalCode
    reason: str
    urgent: bool = False  # perhaps an emergency, and no home to raise an alert for: people must look at it
    folded: str | None = None  # beyond the quota: counted under this name, without what it said
    whole: bool = True  # the payload is all that was sent, so that it can be replayed

    @property
    def digest(self) -> bytes:
        """The same for a repeated message, and for all that are counted under one name."""
        return self.message.digest if self.folded is None else hashlib.sha256(self.folded.encode()).digest()


class Repeat(NamedTuple):
    """An emergency that the broker kept and gave again: new only if it never arrived."""

    digest: bytes
    said: int | None  # µs: when it was, by its own words


class Rows(NamedTuple):
    """Readings in the order of the table's unique index, which is what an insertion costs most for."""

    packed: Packed  # `ts` as it will be stored
    sent: NDArray[np.int64]  # µs: `ts` as the device meant it
    homes: NDArray[np.int32]
    duplicates: int  # how many were left out

    def where(self, chosen: NDArray[np.bool_]) -> "Rows":
        """Those that a mask chooses; the others are duplicates."""
        left = self.duplicates + len(chosen) - int(chosen.sum())
        return Rows(self.packed[chosen], self.sent[chosen], self.homes[chosen], left)


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
    notes: Counter[tuple[int, Note]] = field(default_factory=Counter)  # by device id
    cries: set[bytes] = field(default_factory=set)  # digests of emergencies without a time of their own
    repeats: dict[int, Repeat] = field(default_factory=dict)  # by row
    urgent: bool = False
    measured: bool = False  # its messages count towards their vendors' quotas: they come from the broker

    def __len__(self) -> int:
        return len(self.ts)

    def add(self, ts: int, device: int, home: int, metric: int, flags: int, value: float) -> None:
        """One row."""
        self.ts.append(ts)
        self.device.append(device)
        self.home.append(home)
        self.metric.append(metric)
        self.flags.append(flags)
        self.value.append(value)

    def split(self) -> list["Draft"]:
        """One draft per row; the first carries the refusals."""
        parts = [
            Draft(self.messages, [ts], [device], [home], [metric], [flags], [value])
            for ts, device, home, metric, flags, value in zip(
                self.ts, self.device, self.home, self.metric, self.flags, self.value, strict=True
            )
        ]
        for row, repeat in self.repeats.items():
            parts[row].repeats = {0: repeat}
        if parts:
            parts[0].refused, parts[0].cries, parts[0].notes = self.refused, self.cries, self.notes
        return parts

    def rows(self, without: Collection[int] = ()) -> Rows:
        """What to store, less the rows at those places. Of equal readings the first stays.

        Different values of one device, metric and instant (a clock of whole seconds: door opened and closed) are all
        kept, a microsecond apart in the order in which they came.
        """
        packed = np.empty(len(self.ts), READING)
        packed["ts"], packed["device"], packed["metric"] = self.ts, self.device, self.metric
        packed["flags"], packed["value"] = self.flags, self.value
        order = np.lexsort((packed["ts"], packed["metric"], packed["device"]))
        if without:
            order = order[~np.isin(order, list(without))]
        packed, sent = packed[order], packed["ts"][order]
        again = np.zeros(len(order), bool)
        again[1:] = (
            (sent[1:] == sent[:-1])
            & (packed["metric"][1:] == packed["metric"][:-1])
            & (packed["device"][1:] == packed["device"][:-1])
        )
        rows = Rows(packed, sent, np.array(self.home, np.int32)[order], 0)
        return rows.where(_spread(packed, again)) if again.any() else rows


def _spread(packed: Packed, again: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Move values of one instant apart, in place; which rows are not equal to an earlier one."""
    keep = np.ones(len(packed), bool)
    seen: list[float] = []
    for row in np.flatnonzero(again | np.r_[again[1:], False]):
        if not again[row]:
            seen = []
        value = float(packed["value"][row])
        if value in seen or len(seen) == OF_AN_INSTANT:
            keep[row] = False
        else:
            packed["ts"][row] += len(seen)
            seen.append(value)
    return keep


def by_link(messages: Sequence[Message]) -> list[tuple[Acknowledger, list[Message]]]:
    """Those that want an answer, by the link that takes it."""
    links = {message.link for message in messages}
    return [(link, [message for message in messages if message.link is link]) for link in links if link is not None]


def refusal_counts(refused: Iterable[DeadLetter]) -> Counter[str]:
    """How many were refused, by code."""
    return Counter(letter.code for letter in refused)
