"""Bounded values of requests and answers: what is out of bounds is refused with 422 before any SQL sees it."""

from contextvars import ContextVar
from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

# This installation's code (SHOUWANG_CELL): the application sets it for each request and in the thread of the feed,
# so that what is made there has it, and two applications in one process have each their own.
CELL: ContextVar[str] = ContextVar("cell")
V1 = "/api/v1"  # where this version of the API lives
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
NO_NUL = r"^[^\x00]*$"  # PostgreSQL's text cannot hold U+0000


def _utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _believable(value: datetime) -> datetime:
    if not EARLIEST <= value < LATEST:
        raise ValueError("the time must lie between 2000 and 2100")
    return value.astimezone(UTC)


def _believable_date(value: date) -> date:
    if not EARLIEST.date() < value < LATEST.date():
        raise ValueError("the date must lie between 2000 and 2100")
    return value


Instant = Annotated[datetime, AfterValidator(_utc)]  # in answers: always UTC
Moment = Annotated[AwareDatetime, AfterValidator(_believable)]  # in requests
Day = Annotated[date, AfterValidator(_believable_date)]
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]
BigId = Annotated[int, Field(ge=1, le=2**63 - 1)]
Limit = Annotated[int, Field(ge=1, le=200, description="items a page")]
Word = Annotated[str, Field(max_length=64, pattern=NO_NUL)]
Search = Annotated[str, Field(max_length=100, pattern=NO_NUL)]
Note = Annotated[str, Field(max_length=2000, pattern=NO_NUL)]
Cursor = Annotated[
    str, Field(max_length=400, pattern=r"^[A-Za-z0-9_-]*$", description="next_cursor of the page before")
]


def _cell() -> str:
    return CELL.get()


class Answer(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True)


class Identified(Answer):
    """A thing with an identity of its own; what is nested in it is of the same cell."""

    cell: str = Field(
        default_factory=_cell, description="of which installation `id` is: (cell, id) is unique among all of them"
    )
    id: int


class Request(BaseModel):
    """A request's body or query. An unknown field is refused: a misspelt filter must not widen a list."""

    model_config = ConfigDict(extra="forbid")


class Page(Request):
    """Which part of a long list."""

    limit: Limit = 50
    cursor: Cursor | None = None
