"""Messages to a draft of one transaction: rows to store, refusals to keep, and what to acknowledge afterwards."""

import hashlib
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from core.catalogue import Metric, metrics
from core.packed import READING, Flag, Packed
from core.settings import Settings
from ingest.formats import FormatError, Sample
from ingest.normalise import Clock, in_unit, plausible
from ingest.registry import Refusal, Registry, Route

log = logging.getLogger(__name__)
ONLINE = metrics()["online"]
UNBOUNDED = float("inf")
OUR_FAULT = "Shouwang failed at reading this message; it is kept, and can be replayed once that is mended"


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


class Pipeline:
    """Turns messages into drafts with the registry of the moment."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self.registry = registry
        self._clock = Clock(settings)

    def draft(self, messages: Iterable[Message]) -> Draft:
        """A draft of all these messages."""
        draft = Draft()
        for message in messages:
            self.take(draft, message)
        return draft

    def take(self, draft: Draft, message: Message) -> None:
        """Add one message. What is wrong with it goes to `refused`; this never raises."""
        draft.messages.append(message)
        vendor_id = None
        try:
            route = self.registry.route(message.topic)
            vendor_id = route.vendor_id
            self._rows(draft, message, route, route.decode(message.payload))
        except Refusal as refusal:
            draft.refused.append(DeadLetter(message, refusal.vendor_id, refusal.code, str(refusal)))
        except FormatError as error:
            draft.refused.append(DeadLetter(message, vendor_id, error.code, str(error)))
        except Exception:  # a bug in a format must not stop what every other home sends
            log.exception("a message on %s could not be read", message.topic)
            draft.refused.append(DeadLetter(message, vendor_id, "internal_error", OUR_FAULT))

    def _rows(self, draft: Draft, message: Message, route: Route, samples: list[Sample]) -> None:
        complaints: list[FormatError] = []
        for sample in samples:
            try:
                metric, value = _value(route, sample)
            except FormatError as error:
                complaints.append(error)
                continue
            ts, flags = self._clock.judge(sample.ts, message.received)
            if value >= (UNBOUNDED if metric.urgent_from is None else metric.urgent_from):
                flags |= Flag.URGENT
                draft.urgent = True
            draft.ts.append(ts)
            draft.device.append(route.device_id)
            draft.home.append(route.home_id)
            draft.metric.append(metric.id)
            draft.flags.append(flags)
            draft.value.append(value)
        if complaints:
            reason = "; ".join(dict.fromkeys(map(str, complaints)))[:1000]
            draft.refused.append(DeadLetter(message, route.vendor_id, complaints[0].code, reason))


def _value(route: Route, sample: Sample) -> tuple[Metric, float]:
    metric = route.metrics.get(sample.metric)
    if metric is None:
        if sample.metric != ONLINE.name:
            known = ", ".join(route.metrics)
            raise FormatError("unknown_metric", f"{sample.metric[:40]!r} is not measured by this device type: {known}")
        metric = ONLINE
    value = in_unit(sample.value, sample.unit, metric)
    if complaint := plausible(value, metric):
        raise FormatError("implausible", complaint)
    return metric, value


def refusal_counts(refused: Iterable[DeadLetter]) -> Counter[str]:
    """How many were refused, by code."""
    return Counter(letter.code for letter in refused)
