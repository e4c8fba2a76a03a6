"""Refused messages."""

import base64
from typing import Any, Self

from pydantic import Field

from api.values import Answer, Instant, Page, Word


class DeadLetter(Answer):
    """A message that was refused, with what its vendor should change."""

    id: int
    received_at: Instant
    last_at: Instant = Field(description="the last repeat of the same message")
    vendor_code: str | None
    topic: str
    payload_text: str = Field(description="as UTF-8, with U+FFFD for what is none; the first 4096 bytes")
    payload_base64: str = Field(description="the first 4096 bytes")
    payload_bytes: int = Field(description="length of the whole payload")
    code: str = Field(description="the class of the refusal")
    reason: str
    count: int
    replay_requested_at: Instant | None
    replayed_at: Instant | None

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        """From a row of `api.store.dead_letters`."""
        payload = bytes(row["payload"])
        texts = {
            "payload_text": payload.decode("utf-8", "replace"),
            "payload_base64": base64.b64encode(payload).decode(),
        }
        return cls.model_validate({**row, **texts})


class DeadLetterPage(Answer):
    """A part of the list, newest first."""

    items: list[DeadLetter]
    next_cursor: str | None


class DeadLetterQuery(Page):
    """Which refused messages."""

    code: Word | None = None
    vendor: Word | None = Field(None, description="vendor code; a vendor sees its own anyway")


class ReplayRequested(Answer):
    """An ingest worker will take the message once more."""

    id: int
    replay_requested_at: Instant
