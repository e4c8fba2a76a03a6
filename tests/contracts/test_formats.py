"""Every payload format keeps its contract; a new format is covered by being there."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.formats import FormatError, Sample, discover

EXAMPLES = [(name, example) for name, module in discover().items() for example in module.EXAMPLES]
IDS = [f"{name}: {example.about}" for name, example in EXAMPLES]


@pytest.mark.parametrize(("name", "example"), EXAMPLES, ids=IDS)
def test_each_example_is_decoded_or_refused_as_it_says(name, example):
    samples, codes, reasons = read(name, example.payload)
    assert samples == [told(sample) for sample in example.samples]
    assert codes[:1] == ([example.refused] if example.refused else [])
    assert all(len(reason) > 10 for reason in reasons), "the reason must tell the vendor what to change"


def read(name, payload):
    """(samples, codes of what was refused, reasons)."""
    try:
        samples, complaints = discover()[name].decode(payload)
    except FormatError as error:
        return [], [error.code], [str(error)]
    errors = [complaint.error for complaint in complaints]
    return [told(sample) for sample in samples], [error.code for error in errors], list(map(str, errors))


def told(sample):
    """A sample with the code of what is wrong with its time, as errors have no equality of their own."""
    return sample._replace(doubt=sample.doubt and sample.doubt.code)


@pytest.mark.parametrize("name", list(discover()))
def test_what_is_encoded_decodes_to_the_same(name):
    samples = [Sample("motion", 1.0, 1767225600000000), Sample("battery", 87.0, 1767225601000000)]
    assert discover()[name].decode(discover()[name].encode(samples)) == (samples, [])


@pytest.mark.parametrize("name", list(discover()))
@given(payload=st.binary(max_size=200) | st.text(alphabet='[]{}":,tsvaluen0123456789.-e+', max_size=80).map(str.encode))
def test_no_bytes_can_crash_a_format(name, payload):
    with suppress(FormatError):
        samples, _ = discover()[name].decode(payload)
        assert all(isinstance(sample.metric, str) and sample.value == sample.value for sample in samples)


@pytest.mark.parametrize("name", list(discover()))
@pytest.mark.parametrize(
    "payload",
    [b"[" * 100_000, b'{"values":' * 5000, b'{"ts":1e999,"values":{"a":1}}', b'{"values":{"a":9223372036854775808}}',
     b'{"values":{"a":' + b"9" * 400 + b"}}", b'[{"n":"a","v":1,"t":1e300}]', b'{"values":{"\xff":1}}', b"null", b"0",
     b'{"ts":"0001-01-01T00:00:00+23:59","values":{"a":1}}'],
)  # fmt: skip
def test_hostile_documents_are_refused_or_read_but_never_crash(name, payload):
    with suppress(FormatError):
        assert discover()[name].decode(payload)
