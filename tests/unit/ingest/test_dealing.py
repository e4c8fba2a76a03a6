"""Vendors are dealt evenly, each to one worker, whatever order workers know each other in."""

from hypothesis import given
from hypothesis import strategies as st

from core.snapshot import VendorRow
from ingest.dealing import deal

names = st.lists(st.text("abc123", min_size=1, max_size=3), min_size=1, max_size=6, unique=True)


@given(st.sets(st.integers(1, 60)), names, st.randoms())
def test_every_vendor_has_one_worker_and_no_worker_has_two_more_than_another(ids, workers, random):
    vendors = [VendorRow(number, f"v{number}", "flat") for number in ids]
    dealt = []
    for me in workers:
        random.shuffle(vendors)
        others = [name for name in workers if name != me]
        random.shuffle(others)
        dealt.append([vendor.id for vendor in deal(vendors, others, me)])
    assert sorted(number for part in dealt for number in part) == sorted(ids)
    assert max(map(len, dealt)) - min(map(len, dealt)) <= 1


def test_a_worker_alone_has_them_all():
    vendors = [VendorRow(2, "b", "flat"), VendorRow(1, "a", "flat")]
    assert [vendor.code for vendor in deal(vendors, [], "1")] == ["a", "b"]
