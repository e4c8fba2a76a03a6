"""Refused messages."""

import base64
from dataclasses import asdict
from typing import Annotated, Self

from pydantic import Field

from api.values import Answer, Identified, Instant, Note, Page, Request, Word
from ingest.letters.store import Letter

SHOWN = 4096  # bytes of a payload


class DeadLetter(Identified):
    """A message that was refused, with what its vendor should change."""

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
    whole: bool = Field(description="all of it was kept, so that it can be replayed")
    urgent: bool = Field(description="perhaps an emergency, and no home is known to raise an alert for")
    answered_at: Instant | None = Field(description="when somebody answered for an urgent one")
    answered_by: str | None
    answer: str = Field(description="what was found out")

    @classmethod
    def of(cls, letter: Letter) -> Self:
        """As its owner tells of it."""
        texts = {
            "payload_text": letter.payload.decode("utf-8", "replace"),
            "payload_base64": base64.b64encode(letter.payload).decode(),
        }
        return cls.model_validate({**asdict(letter), **texts})


class DeadLetterPage(Answer):
    """A part of the list, newest first."""

    items: list[DeadLetter]
    next_cursor: str | None


class DeadLetterQuery(Page):
    """Which refused messages."""

    code: Word | None = None
    vendor: Word | None = Field(None, description="vendor code; a vendor sees its own anyway")
    unanswered: bool | None = Field(None, description="only urgent ones that nobody has answered for, or only others")


class LetterAnswer(Request):
    """What came of an urgent message."""

    answer: Annotated[Note, Field(min_length=1, description="whom you called, and what it was")]


class LetterAnswered(Answer):
    """It is answered for."""

    id: int
    answered_at: Instant


class ReplayRequested(Answer):
    """An ingest worker will take the message once more."""

    id: int
    replay_requested_at: Instant
