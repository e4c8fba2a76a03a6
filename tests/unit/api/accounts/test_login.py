"""Who logs in waits in a bounded lane."""

from contextlib import ExitStack

import pytest

from api.accounts.login import SHARE, WAITING, BusyError, CheckQueue


def test_a_lane_is_bounded_and_nobody_takes_more_than_a_share_of_it():
    lane = CheckQueue("a lane")
    with ExitStack() as inside:
        for _ in range(SHARE):
            inside.enter_context(lane.place("greedy"))
        with pytest.raises(BusyError), lane.place("greedy"):
            pass
        for number in range(WAITING - SHARE):
            inside.enter_context(lane.place(f"other {number}"))
        with pytest.raises(BusyError), lane.place("one more"):
            pass
    with lane.place("greedy"):
        assert lane._inside == {"greedy": 1}  # and nobody who has left is remembered
    lane.close()
