"""SenML as RFC 8428 says: bases, relative times, and an emergency beside what can't be read."""

import pytest

from ingest.formats import MAX_SAMPLES, FormatError
from ingest.formats.senml import decode, encode

AT = 1_767_225_600


def read(text):
    samples, complaints = decode(text.encode())
    return [tuple(sample)[:4] for sample in samples], [one.error.code for one in complaints]


def refused(text):
    with pytest.raises(FormatError) as error:
        decode(text.encode())
    return error.value.code


def test_bases_hold_for_the_records_that_follow_until_they_are_given_anew():
    text = (
        f'[{{"bn": "a:", "bt": {AT}, "bu": "Cel", "n": "temperature", "v": 20}},'
        f' {{"n": "temperature", "v": 21, "t": 5}}, {{"bu": "K", "n": "temperature", "v": 294, "t": -5}}]'
    )
    assert read(text)[0] == [
        ("temperature", 20.0, AT * 1_000_000, "Cel"), ("temperature", 21.0, (AT + 5) * 1_000_000, "Cel"),
        ("temperature", 294.0, (AT - 5) * 1_000_000, "K"),
    ]  # fmt: skip


def test_a_base_value_is_added_and_stands_for_a_value_that_is_not_given():
    assert read('[{"bv": 20, "n": "temperature", "v": 1.5}, {"n": "temperature"}]')[0] == [
        ("temperature", 21.5, None, None), ("temperature", 20.0, None, None),
    ]  # fmt: skip


@pytest.mark.parametrize("t", [0, -10, 5, 2**28 - 1])
def test_a_relative_time_is_the_time_of_receipt(t):
    assert read(f'[{{"n": "motion", "v": 1, "t": {t}}}]')[0] == [("motion", 1.0, None, None)]


@pytest.mark.parametrize("name", ["sos", "urn:dev:mac:1:sos", "bed-7/sos"])
@pytest.mark.parametrize("value", ['"v": 1', '"vb": true'])
def test_a_metric_is_the_end_of_a_name_and_a_boolean_is_a_value(name, value):
    assert read(f'[{{"n": "{name}", {value}}}]')[0] == [("sos", 1.0, None, None)]


def test_an_emergency_is_taken_beside_fields_that_cannot_be_read():
    samples, codes = read('[{"n": "sos", "v": 1}, {"n": "a", "vs": "x"}, {"n": "b"}, {"n": "c", "v": "1"}]')
    assert samples == [("sos", 1.0, None, None)]
    assert codes == ["not_a_number", "no_values", "not_a_number"]


def test_an_emergency_whose_time_cannot_be_read_is_kept_with_its_doubt():
    [sample] = decode(b'[{"n": "sos", "v": 1, "t": "noon"}]').samples
    assert (sample.metric, sample.value, sample.ts, sample.doubt.code) == ("sos", 1.0, None, "bad_time")
    [sample] = decode(b'[{"n": "sos", "v": 1, "t": 1e300}]').samples
    assert sample.doubt.code == "bad_time"


def test_a_unit_that_is_no_text_refuses_its_field_alone():
    assert read('[{"n": "sos", "v": 1}, {"n": "temperature", "u": 7, "v": 20}]') == (
        [("sos", 1.0, None, None)], ["unknown_unit"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{}", "not_senml"), ("[1]", "not_senml"), ('[{"bver": 11, "n": "a", "v": 1}]', "not_senml"),
        ('[{"n": 7, "v": 1}]', "not_senml"), (f'[{{"n": "{"x" * 201}", "v": 1}}]', "not_senml"), ("[]", "no_values"),
        ('[{"bn": "a"}]', "no_values"), ("[" + ",".join(['{"n":"a","v":1}'] * (MAX_SAMPLES + 1)) + "]", "too_many"),
    ],
)  # fmt: skip
def test_what_is_no_senml_is_refused_whole_with_its_class(text, code):
    assert refused(text) == code


def test_what_is_written_is_read_back():
    samples = decode(f'[{{"n": "motion", "v": 1, "t": {AT}}}, {{"n": "battery", "v": 80}}]'.encode()).samples
    assert decode(encode(samples)).samples == samples
