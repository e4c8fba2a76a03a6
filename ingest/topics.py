"""The MQTT topics: `sw/v1/{vendor}/{device}/{kind}`. They carry nothing personal; the registry knows the home."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class TopicError(ValueError):
    """The topic is not of the form sw/v1/{vendor}/{device}/{telemetry|event|status}."""


class TopicKind(StrEnum):
    """What a message is."""

    TELEMETRY = "telemetry"  # readings, may be many
    EVENT = "event"  # an emergency: SOS, fall, smoke, gas, CO
    STATUS = "status"  # online or offline, retained; also the Last Will


class Topic(NamedTuple):
    """A parsed topic."""

    vendor: str
    device: str
    kind: TopicKind

    def __str__(self) -> str:
        return f"sw/v1/{self.vendor}/{self.device}/{self.kind.value}"


URGENT = (TopicKind.EVENT,)
ORDINARY = (TopicKind.TELEMETRY, TopicKind.STATUS)
KINDS = {kind.value: kind for kind in TopicKind}


def all_devices(vendor: str, kinds: Iterable[TopicKind]) -> list[str]:
    """The topic filters of these kinds of message from all of a vendor's devices."""
    return [str(Topic(vendor, "+", kind)) for kind in kinds]


def parse(topic: str) -> Topic:
    """Take a topic apart; raises TopicError."""
    parts = topic.split("/")
    if len(parts) != 5 or parts[:2] != ["sw", "v1"] or parts[4] not in KINDS or not parts[2] or not parts[3]:
        raise TopicError(f"topic {topic!r} is not sw/v1/{{vendor}}/{{device}}/{{telemetry|event|status}}")
    return Topic(parts[2], parts[3], KINDS[parts[4]])
