"""Rows of a draft: duplicates left out, different values of one instant kept in the order in which they came."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.draft import OF_AN_INSTANT, Draft

T = 1_764_000_000_000_000
ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 2), st.integers(1, 2), st.integers(0, 2)), max_size=30)


def rows(*readings):
    """(ts, device, metric, value) of what is stored of these."""
    draft = Draft()
    for ts, device, metric, value in readings:
        draft.add(T + ts * 1_000_000, device, 7, metric, 0, float(value))
    found = draft.rows()
    return [(int(r["ts"]) - T, int(r["device"]), int(r["metric"]), float(r["value"])) for r in found.packed], found


def test_a_later_value_of_the_same_instant_stands_a_microsecond_behind():
    assert rows((0, 1, 1, 1), (0, 1, 1, 0), (0, 1, 1, 5))[0] == [(0, 1, 1, 1.0), (1, 1, 1, 0.0), (2, 1, 1, 5.0)]


def test_a_repeated_value_of_the_same_instant_is_a_duplicate():
    found, stored = rows((0, 1, 1, 1), (0, 1, 1, 0), (0, 1, 1, 1), (0, 1, 1, 0))
    assert found == [(0, 1, 1, 1.0), (1, 1, 1, 0.0)]
    assert stored.duplicates == 2


def test_there_is_an_end_to_the_values_of_an_instant():
    assert len(rows(*((0, 1, 1, value) for value in range(OF_AN_INSTANT + 5)))[0]) == OF_AN_INSTANT


@given(ROWS)
def test_each_different_reading_is_stored_once_in_the_order_of_the_index(readings):
    found, stored = rows(*readings)
    assert [(device, metric, ts) for ts, device, metric, _ in found] == sorted(
        (device, metric, ts) for ts, device, metric, _ in found
    )
    assert len({row[:3] for row in found}) == len(found)
    assert {(ts // 1_000_000, *rest) for ts, *rest in found} == {(ts, d, m, float(v)) for ts, d, m, v in readings}
    assert len(found) + stored.duplicates == len(readings)
    assert set(stored.homes) <= {7}


def test_rows_that_are_nothing_new_are_left_out():
    draft = Draft()
    for value in range(3):
        draft.add(T + value, 1, 7, 1, 0, float(value))
    assert list(draft.rows(without={1}).packed["value"]) == [0.0, 2.0]
