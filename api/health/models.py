"""Whether the watch is kept: an operator must know when it is not."""

from typing import Literal

from pydantic import Field

from alerts.selfcheck.links import Link
from api.values import Answer, Instant


class Problem(Answer):
    """Something that keeps alerts from being raised or seen, in an operator's words."""

    code: str
    message_zh: str
    message_en: str
    since: Instant
    aloud: bool = Field(
        default=False, description="somebody may be calling for help: the console rings until it is answered"
    )


class EngineHealth(Answer):
    """The program that judges."""

    at: Instant | None = Field(description="last sign of life; the oldest, where there are several shards")
    lag_seconds: float | None = Field(description="age of the oldest reading not judged yet")
    alive: bool


class IngestHealth(Answer):
    """One program that takes messages in."""

    worker: str
    at: Instant
    alive: bool
    connected: bool


class CanaryHealth(Answer):
    """The self-check: a signal sent round the whole way every few seconds."""

    at: Instant = Field(description="last sign of life of the program that sends it")
    alive: bool
    round_trip_seconds: float | None = Field(
        description="from the terminal to this stream, the last one that came back"
    )
    broken: Link | None = Field(description="the first link that the signal does not pass")


class Health(Answer):
    """Everything together: down means that alerts may not be raised at all."""

    status: Literal["ok", "degraded", "down"]
    problems: list[Problem]
    engine: EngineHealth
    ingest: list[IngestHealth]
    canary: CanaryHealth | None = Field(description="null until a self-check has been started")
    now: Instant
