"""Our own flat JSON: `{"ts": …, "values": {"motion": 1, "battery": 87}}`, or a list of such.

`ts` is RFC 3339 with an offset, or epoch milliseconds; without it the time of receipt is taken. Values are in the
catalogue's units.
"""

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import orjson

from core.clock import to_us
from ingest.formats import MAX_SAMPLES, Complaint, Decoded, Example, FormatError, Sample
from ingest.formats._json import loads, number, shown

LATEST = 253402300799999  # 9999-12-31 in epoch milliseconds
_tuple = tuple.__new__  # a third cheaper than the constructor, at every value
NO_VALUES = 'each reading must be an object with a non-empty "values" object'

EXAMPLES = (
    Example(
        "one reading of two metrics, epoch milliseconds",
        b'{"ts": 1767225600000, "values": {"motion": 1, "battery": 87}}',
        (Sample("motion", 1.0, 1767225600000000), Sample("battery", 87.0, 1767225600000000)),
    ),
    Example(
        "RFC 3339 time with an offset",
        b'{"ts": "2026-01-01T08:00:00+08:00", "values": {"temperature": 18.5}}',
        (Sample("temperature", 18.5, 1767225600000000),),
    ),
    Example("no time: the time of receipt is taken", b'{"values": {"sos": true}}', (Sample("sos", 1.0, None),)),
    Example(
        "several readings in one message",
        b'[{"ts": 1767225600000, "values": {"co": 0}}, {"ts": 1767225660000, "values": {"co": 31}}]',
        (Sample("co", 0.0, 1767225600000000), Sample("co", 31.0, 1767225660000000)),
    ),
    Example("cut off in the middle", b'{"values": {"motion": 1', refused="not_json"),
    Example("nothing at all", b"", refused="empty"),
    Example("no values", b'{"ts": 1767225600000}', refused="no_values"),
    Example("a word where a number belongs", b'{"values": {"motion": "yes"}}', refused="not_a_number"),
    Example("a number JSON does not have", b'{"values": {"temperature": NaN}}', refused="not_json"),
    Example(
        "a word beside an emergency: the emergency is taken",
        b'{"ts": 1767225600000, "values": {"gas": 40, "firmware": "1.2.0"}}',
        (Sample("gas", 40.0, 1767225600000000),),
        refused="not_a_number",
    ),
    Example(
        "a time without its zone: an emergency is taken at the time of receipt, a reading is refused",
        b'{"ts": "2026-01-01T08:00:00", "values": {"co": 1}}',
        (Sample("co", 1.0, None, doubt=FormatError("bad_time", "")),),
    ),
)


def decode(payload: bytes) -> Decoded:
    """Bytes to samples and complaints; raises FormatError when nothing in them can be read."""
    document = loads(payload)
    readings = document if isinstance(document, list) else [document]
    samples: list[Sample] = []
    complaints: list[Complaint] = []
    add = samples.append
    for reading in readings:
        values = reading.get("values") if isinstance(reading, dict) else None
        named = isinstance(values, dict) and values
        if len(samples) + len(complaints) + (len(named) if named else 1) > MAX_SAMPLES:
            raise FormatError("too_many", f"more than {MAX_SAMPLES} values in one message; send several messages")
        if not named:
            complaints.append(Complaint("", None, FormatError("no_values", NO_VALUES)))
            continue
        ts = reading.get("ts")
        ts, doubt = (ts * 1000, None) if type(ts) is int and 0 <= ts <= LATEST else _time(ts)
        for name, value in named.items():
            if (kind := type(value)) is float or kind is int:  # finite, as our parser gives them
                add(_tuple(Sample, (name, float(value), ts, None, doubt)))
                continue
            try:
                add(Sample(name, number(value, name), ts, None, doubt))
            except FormatError as error:
                complaints.append(Complaint(name, value, error))
    if not samples and not complaints:
        raise FormatError("no_values", "the list of readings is empty")
    return _tuple(Decoded, (samples, complaints))


def _time(ts: Any) -> tuple[int | None, FormatError | None]:
    try:
        return instant(ts), None
    except FormatError as error:
        return None, error


def instant(ts: Any) -> int | None:
    """`ts` in microseconds; raises FormatError."""
    if ts is None:
        return None
    if isinstance(ts, int | float) and not isinstance(ts, bool):
        if math.isfinite(ts) and 0 <= ts <= LATEST:
            return int(ts * 1000)
    elif isinstance(ts, str):
        try:
            parsed = datetime.fromisoformat(ts)
        except ValueError:
            parsed = None
        if parsed is not None and parsed.tzinfo is not None:
            return _microseconds(parsed)
    raise FormatError(
        "bad_time",
        f'"ts" {shown(ts)} is neither epoch milliseconds'
        " nor RFC 3339 with an offset, such as 2026-01-01T08:00:00+08:00",
    )


def _microseconds(moment: datetime) -> int:
    try:
        return to_us(moment.astimezone(UTC))
    except OverflowError:
        raise FormatError("bad_time", '"ts" is outside the years 1 to 9999') from None


def encode(samples: Iterable[Sample]) -> bytes:
    """Samples to bytes, those of one instant in one object."""
    readings = [
        ({} if ts is None else {"ts": ts // 1000}) | {"values": {s.metric: s.value for s in group}}
        for ts, group in groupby(samples, key=lambda sample: sample.ts)
    ]
    return orjson.dumps(readings[0] if len(readings) == 1 else readings)
