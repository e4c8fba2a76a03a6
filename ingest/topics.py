"""The MQTT topics: `sw/v1/{vendor}/{device}/{kind}`. They carry nothing personal; the registry knows the home."""

from collections.abc import Callable
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


LEFT = ("/event", "/command")  # to the urgent lane, and to the terminals that listen there
KINDS = {kind.value: kind for kind in TopicKind}


class Subscription(NamedTuple):
    """What one connection takes of a vendor."""

    filters: list[str]
    former: list[str]  # filters it once had: a session that still holds them would get messages twice
    leaves: Callable[[str], bool]  # topics that the filters match and another lane takes


def emergencies(vendor: str) -> Subscription:
    """Where all of a vendor's devices send emergencies."""
    return Subscription([str(Topic(vendor, "+", TopicKind.EVENT))], [], lambda _: False)


def the_rest(vendor: str) -> Subscription:
    """All else that a vendor may publish, so that a wrong topic is answered with a reason."""
    former = [str(Topic(vendor, "+", kind)) for kind in (TopicKind.TELEMETRY, TopicKind.STATUS)]
    return Subscription([f"sw/v1/{vendor}/#"], former, lambda topic: topic.endswith(LEFT) and topic.count("/") == 4)


def looks_urgent(topic: str) -> bool:
    """Whether it was meant for emergencies, as far as one can guess: `…/Event`, `…/event/1`, `…/events`."""
    levels = topic.split("/")
    return any("event" in level.lower() for level in (levels[4:] or levels[3:]))  # not by the device's own name


def may_be_kept(topic: str) -> bool:
    """Whether a retained message belongs there: a status alone does."""
    return topic.endswith("/status") and topic.count("/") == 4


def parse(topic: str) -> Topic:
    """Take a topic apart; raises TopicError that says what to change."""
    parts = topic.split("/")
    if len(parts) != 5 or parts[:2] != ["sw", "v1"] or parts[4] not in KINDS or not parts[2] or not parts[3]:
        raise TopicError(
            f"topic {topic[:200]!r} is not sw/v1/{{vendor}}/{{device}}/{{telemetry|event|status}}: {_what(parts)}"
        )
    return Topic(parts[2], parts[3], KINDS[parts[4]])


def _what(parts: list[str]) -> str:
    if len(parts) != 5:
        return f"it has {len(parts)} levels instead of 5"
    if parts[:2] != ["sw", "v1"]:
        return "it must begin with sw/v1/"
    if not parts[2] or not parts[3]:
        return "vendor or device is empty"
    if parts[4].strip().lower() in KINDS:
        return f"write {parts[4].strip().lower()!r} in small letters, without blanks"
    return f"{parts[4][:40]!r} is none of {', '.join(KINDS)}"
