"""JSON as every format reads it: strict, finite, bounded."""

import math
from typing import Any

import orjson

from ingest.formats import FormatError


def loads(payload: bytes) -> Any:
    """The parsed document; raises FormatError for anything RFC 8259 forbids, NaN and bad UTF-8 among it."""
    if not payload:
        raise FormatError("empty", "the payload is empty")
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise FormatError("not_json", f"the payload is not valid JSON: {error}") from None


def number(value: Any, name: str) -> float:
    """A finite number; true and false count as 1 and 0."""
    if isinstance(value, bool | int | float):
        try:
            result = float(value)
        except OverflowError:
            result = math.inf
        if math.isfinite(result):
            return result
    raise FormatError("not_a_number", f"{name}: {shown(value)} is not a finite number, true or false")


def shown(value: Any) -> str:
    """A value for a reason. Bounded in length and depth: it may be anything."""
    text = f"a {type(value).__name__}" if isinstance(value, list | dict) else repr(value)
    return text if len(text) <= 40 else text[:37] + "…"
