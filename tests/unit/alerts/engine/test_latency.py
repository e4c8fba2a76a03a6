"""How long alerts took is counted by bucket, and nothing that took long falls out of the count."""

import pytest

from alerts.engine.latency import BOUNDS, Latency


@pytest.mark.parametrize(("seconds", "bucket"), [(0, 0), (0.01, 0), (0.0101, 1), (1, 6), (60, 10), (3600, 11)])
def test_each_bound_is_in_its_bucket_and_what_is_beyond_all_in_the_last(seconds, bucket):
    latency = Latency()
    latency.add(seconds, 3)
    assert [index for index, count in enumerate(latency.counts) if count] == [bucket]
    assert latency.counts[bucket] == 3


def test_the_heartbeat_tells_counts_bounds_and_their_sum():
    latency = Latency()
    latency.add(0.5, 2)
    latency.add(100, 1)
    told = latency.detail()
    assert (told["bounds"], sum(told["counts"]), told["sum"]) == (BOUNDS, 3, 101.0)
    assert len(told["counts"]) == len(BOUNDS) + 1
    assert Latency().detail()["counts"] is not told["counts"]
