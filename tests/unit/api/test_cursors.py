"""A cursor gives back the key it was made of, and whatever else a client sends is refused."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import cursors
from api.errors import ApiError
from api.values import EARLIEST, LATEST

MOMENTS = st.datetimes(
    EARLIEST.replace(tzinfo=None), LATEST.replace(tzinfo=None) - timedelta(seconds=1), timezones=st.just(UTC)
)
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=30)


@given(MOMENTS, st.integers(0, 2**63 - 1), TEXTS)
def test_a_key_comes_back_as_it_was(moment, number, text):
    cursor = cursors.encode(moment, number, text)
    assert cursors.decode(cursor, datetime, int, str) == [moment, number, text]
    assert cursor.isascii()
    assert not set(cursor) & set("+/= ")


@given(st.text(max_size=80) | st.binary(max_size=60).map(lambda data: data.decode("latin-1")))
def test_whatever_a_client_sends_is_a_key_or_refused(cursor):
    with suppress(ApiError):
        [number] = cursors.decode(cursor, int)
        assert 0 <= number < 2**63


@pytest.mark.parametrize("cursor", ["", "x", "守望", "e30", "bnVsbA", "WzFd="])
def test_what_is_no_cursor_is_told_in_words(cursor):
    with pytest.raises(ApiError) as refused:
        cursors.decode(cursor, int, int)
    assert (refused.value.status, refused.value.code) == (422, "bad_cursor")


@pytest.mark.parametrize(
    ("key", "kinds"),
    [
        ((1,), (str,)), (("1",), (int,)), ((1, 2), (int,)), ((1,), (int, int)), ((-1,), (int,)), ((2**63,), (int,)),
        ((True,), (int,)), (("a\0b",), (str,)), (("2026-01-01",), (datetime,)),
        (("1999-12-31T23:59:59Z",), (datetime,)),
        (("2100-01-01T00:00:00Z",), (datetime,)),
    ],
)  # fmt: skip
def test_a_key_of_another_list_or_out_of_bounds_is_refused_before_any_sql_sees_it(key, kinds):
    with pytest.raises(ApiError):
        cursors.decode(cursors.encode(*key), *kinds)
