"""Our own flat JSON: numbers, times by epoch or RFC 3339, and an emergency beside what can't be read."""

import pytest

from ingest.formats import MAX_SAMPLES, FormatError, Sample
from ingest.formats.flat import decode, encode, instant

AT = 1_767_225_600_000_000


def test_one_reading_or_a_list_of_them_each_with_its_own_time():
    one = b'{"ts": 1767225600000, "values": {"temperature": 20.5, "motion": true}}'
    assert decode(one).samples == [Sample("temperature", 20.5, AT), Sample("motion", 1.0, AT)]
    many = b'[{"ts": 1767225600000, "values": {"motion": 1}}, {"values": {"motion": 0}}]'
    assert decode(many).samples == [Sample("motion", 1.0, AT), Sample("motion", 0.0, None)]


@pytest.mark.parametrize(
    "ts", [1_767_225_600_000, 1_767_225_600_000.0, "2026-01-01T00:00:00Z", "2026-01-01T08:00:00+08:00"]
)
def test_one_instant_may_be_written_in_several_ways(ts):
    assert instant(ts) == AT


@pytest.mark.parametrize(
    "ts", [-1, True, "noon", "", "2026-01-01T08:00:00", [], {}, 1e300, "0001-01-01T00:00:00+23:59"]
)
def test_a_time_that_cannot_be_read_is_refused(ts):
    with pytest.raises(FormatError) as refused:
        instant(ts)
    assert refused.value.code == "bad_time"


def test_an_emergency_is_kept_whatever_is_wrong_with_its_time_or_what_stands_beside_it():
    samples, complaints = decode(b'[{"ts": "noon", "values": {"sos": 1, "firmware": "1.2"}}, {"values": {}}, 7]')
    [sos] = samples
    assert (sos.metric, sos.value, sos.ts, sos.doubt.code) == ("sos", 1.0, None, "bad_time")
    assert [one.error.code for one in complaints] == ["not_a_number", "no_values", "no_values"]


@pytest.mark.parametrize(
    ("payload", "code"),
    [(b"[]", "no_values"), (b"", "empty"), (b"{", "not_json"), (b"\xff", "not_json")],
)
def test_what_holds_nothing_is_refused_whole(payload, code):
    with pytest.raises(FormatError) as refused:
        decode(payload)
    assert refused.value.code == code


def test_a_message_has_a_bounded_number_of_values():
    def readings(count):
        return b"[" + b",".join([b'{"values": {"motion": 1}}'] * count) + b"]"

    assert len(decode(readings(MAX_SAMPLES)).samples) == MAX_SAMPLES
    with pytest.raises(FormatError) as refused:
        decode(readings(MAX_SAMPLES + 1))
    assert refused.value.code == "too_many"


def test_what_is_written_is_read_back():
    samples = [Sample("motion", 1.0, AT), Sample("battery", 80.0, AT), Sample("motion", 0.0, None)]
    assert decode(encode(samples)).samples == samples
    assert decode(encode(samples[:1])).samples == samples[:1]
