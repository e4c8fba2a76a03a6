"""SenML JSON (RFC 8428): a list of records with base name, base time, base unit and base value.

A record's name, after the base name is put before it, ends in a metric's name:
`urn:dev:mac:0024befffe804ff1:temperature`, or simply `temperature`. Times at or above 2^28 are absolute seconds, below
it relative to now (RFC 8428 section 4.5.3).
"""

import math
from collections.abc import Iterable
from typing import Any

import orjson

from ingest.formats import MAX_SAMPLES, Complaint, Decoded, Example, FormatError, Sample
from ingest.formats._json import loads, number

RELATIVE_BELOW = 2**28
LATEST = 253402300799  # 9999-12-31 in epoch seconds
MAX_NAME = 200
VALUES = ("v", "vb", "vs", "vd")

EXAMPLES = (
    Example(
        "one measurement with its unit",
        b'[{"n": "temperature", "u": "Cel", "v": 23.1, "t": 1767225600}]',
        (Sample("temperature", 23.1, 1767225600000000, "Cel"),),
    ),
    Example(
        "base name, base time and several measurements",
        b'[{"bn": "bed-7:", "bt": 1767225600, "n": "heart_rate", "u": "beat/min", "v": 61},'
        b' {"n": "in_bed", "vb": true, "t": 5}]',
        (Sample("heart_rate", 61.0, 1767225600000000, "beat/min"), Sample("in_bed", 1.0, 1767225605000000)),
    ),
    Example("no time: the time of receipt is taken", b'[{"n": "motion", "v": 1}]', (Sample("motion", 1.0, None),)),
    Example("not a list", b'{"n": "motion", "v": 1}', refused="not_senml"),
    Example("no value", b'[{"n": "motion"}]', refused="no_values"),
    Example("a text value", b'[{"n": "motion", "vs": "yes"}]', refused="not_a_number"),
    Example(
        "a text beside an emergency: the emergency is taken",
        b'[{"n": "firmware", "vs": "1.2.0"}, {"n": "sos", "vb": true}]',
        (Sample("sos", 1.0, None),),
        refused="not_a_number",
    ),
    Example("a version we can't know", b'[{"bver": 11, "n": "motion", "v": 1}]', refused="not_senml"),
)


def decode(payload: bytes) -> Decoded:
    """Bytes to samples and complaints; raises FormatError when nothing in them can be read.

    A relative time is counted from the time of receipt, as None is.
    """
    document = loads(payload)
    if not isinstance(document, list) or not all(isinstance(record, dict) for record in document):
        raise FormatError("not_senml", "SenML is a list of records, RFC 8428 section 4")
    if len(document) > MAX_SAMPLES:
        raise FormatError("too_many", f"more than {MAX_SAMPLES} records in one message; send several messages")
    base: dict[str, Any] = {}
    samples: list[Sample] = []
    complaints: list[Complaint] = []
    for record in document:
        base |= {key: value for key, value in record.items() if key in ("bn", "bt", "bu", "bv", "bver")}
        if number(base.get("bver", 10), "bver") > 10:
            raise FormatError("not_senml", "bver above 10 is unknown, RFC 8428 section 4.4")
        if any(key in record for key in ("n", "v", "vb", "vs", "vd", "s")):
            _take(record, base, samples, complaints)
    if not samples and not complaints:
        raise FormatError("no_values", "no record carries a value")
    return Decoded(samples, complaints)


def _take(record: dict[str, Any], base: dict[str, Any], samples: list[Sample], complaints: list[Complaint]) -> None:
    name = _name(base.get("bn", "")) + _name(record.get("n", ""))
    metric = name.rsplit(":", 1)[-1].rsplit("/", 1)[-1]
    try:
        value, unit = _value(record, base, metric), _unit(record, base, metric)
    except FormatError as error:
        complaints.append(Complaint(metric, next((record[k] for k in VALUES if k in record), None), error))
        return
    try:
        ts, doubt = _instant(record, base), None
    except FormatError as error:
        ts, doubt = None, error
    samples.append(Sample(metric, value, ts, unit, doubt))


def _name(part: Any) -> str:
    if not isinstance(part, str) or len(part) > MAX_NAME:
        raise FormatError("not_senml", f"a name is text of at most {MAX_NAME} characters, RFC 8428 section 4.5.1")
    return part


def _value(record: dict[str, Any], base: dict[str, Any], metric: str) -> float:
    if "vs" in record or "vd" in record:
        raise FormatError("not_a_number", f"{metric}: text and data values are not measurements; use v or vb")
    if "vb" in record:
        return number(record["vb"], metric)
    if "v" in record or "bv" in base:
        return number(number(record.get("v", 0), metric) + number(base.get("bv", 0), "bv"), metric)
    raise FormatError("no_values", f"{metric}: the record has neither v nor vb")


def _unit(record: dict[str, Any], base: dict[str, Any], metric: str) -> str | None:
    unit = record.get("u", base.get("bu"))
    if unit is not None and not isinstance(unit, str):
        raise FormatError("unknown_unit", f"{metric}: the unit must be text")
    return unit


def _instant(record: dict[str, Any], base: dict[str, Any]) -> int | None:
    if "t" not in record and "bt" not in base:
        return None
    try:
        seconds = number(record.get("t", 0), "t") + number(base.get("bt", 0), "bt")
    except FormatError as error:
        raise FormatError("bad_time", str(error)) from None
    if not math.isfinite(seconds) or not -LATEST <= seconds <= LATEST:
        raise FormatError("bad_time", f"time {seconds:g} is outside what a calendar holds")
    return None if seconds < RELATIVE_BELOW else int(seconds * 1_000_000)


def encode(samples: Iterable[Sample]) -> bytes:
    """Samples to bytes; units are the catalogue's and so are not written."""
    return orjson.dumps(
        [{"n": s.metric, "v": s.value} | ({} if s.ts is None else {"t": s.ts / 1_000_000}) for s in samples]
    )
