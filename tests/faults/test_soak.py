"""Two minutes of the soak: memory and connections flat, nothing lost. `python -m bench.soak` runs it for longer."""

import pytest

from bench.soak import soak


@pytest.mark.timeout(400)
def test_two_minutes_at_two_thousand_messages_a_second_leave_memory_and_connections_flat():
    assert soak(minutes=2, rate=2000, homes=200) == []
