"""What is out of bounds is refused before any SQL sees it; a misspelt field never widens a list."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import TypeAdapter, ValidationError

from api.values import BigId, Cursor, Day, Id, Identified, Instant, Moment, Note, Page, Search, Word

EAST = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Id, 0), (Id, 2**31), (BigId, 0), (BigId, 2**63), (Word, "x" * 65), (Word, "a\0b"), (Search, "x" * 101),
        (Note, "x" * 2001), (Note, "\0"), (Cursor, "a b"), (Cursor, "x" * 401), (Day, "1999-12-31"),
        (Day, "2100-01-01"),
        (Moment, "2026-01-01T00:00:00"), (Moment, "1999-12-31T23:59:59Z"), (Moment, "2100-01-01T00:00:00Z"),
        (Moment, "0001-01-01T00:00:00+14:00"),
    ],
)  # fmt: skip
def test_what_is_out_of_bounds_is_refused(kind, value):
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize(
    ("kind", "value"), [(Id, 1), (Id, 2**31 - 1), (BigId, 2**63 - 1), (Word, "x" * 64), (Note, "")]
)
def test_the_bounds_themselves_are_taken(kind, value):
    assert TypeAdapter(kind).validate_python(value) == value


@pytest.mark.parametrize("kind", [Moment, Instant])
def test_times_are_utc_whatever_zone_they_were_written_in(kind):
    found = TypeAdapter(kind).validate_python(datetime(2026, 1, 1, 8, tzinfo=EAST))
    assert (found, found.tzinfo) == (datetime(2026, 1, 1, tzinfo=UTC), UTC)


def test_a_field_that_is_not_known_is_refused():
    with pytest.raises(ValidationError, match="severty"):
        Page.model_validate({"severty": "emergency"})


def test_what_has_an_identity_says_of_which_cell():
    assert Identified(id=7).cell == "xicheng"
