"""Three countings of time, and no instant changes on its way between them."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.clock import from_postgres, micros, to_datetime, to_postgres, to_us

MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS)
def test_an_instant_comes_back_to_the_microsecond(moment):
    assert to_datetime(to_us(moment)) == moment
    us = np.array([to_us(moment)], np.int64)
    assert from_postgres(to_postgres(us)).tolist() == us.tolist()


def test_the_epochs_are_those_of_unix_and_of_postgresql():
    assert to_us(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    assert to_postgres(np.array([to_us(datetime(2000, 1, 1, tzinfo=UTC))], np.int64)).tolist() == [0]


def test_a_zone_moves_no_instant_and_a_span_is_whole_microseconds():
    east = timezone(timedelta(hours=8))
    assert to_us(datetime(2026, 1, 1, 8, tzinfo=east)) == to_us(datetime(2026, 1, 1, tzinfo=UTC))
    assert [micros(timedelta(seconds=seconds)) for seconds in (1, -1, 0.0000015)] == [1_000_000, -1_000_000, 2]
