"""Fixed records between numpy and PostgreSQL's binary forms: a million rows cost no Python object each."""

from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.clock import from_postgres, to_postgres

INSTANTS = frozenset({"ts", "since", "seen", "at", "installed_at"})  # fields that hold one: µs since 1970 on our side
COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_END = b"\xff\xff"

Records = NDArray[Any]

LATEST = np.dtype(
    [("device", ">i4"), ("metric", ">i2"), ("ts", ">i8"), ("value", ">f8"), ("since", ">i8"), ("seen", ">i8")]
)
LIFE = np.dtype([("home", ">i4"), ("at", ">i8"), ("device", ">i4")])
BASELINE = np.dtype([("home", ">i4"), ("hour", ">i2"), ("gap", ">f4"), ("days", ">i2")])
GAP = np.dtype([("home", ">i4"), ("hour", ">i2"), ("gap", ">f4")])
STORED = np.dtype([("ts", ">i8"), ("device", ">i4"), ("metric", ">i2"), ("flags", ">i2"), ("value", ">f8")])


class CopyField(NamedTuple):
    """One field of a record as binary COPY sends it: its length, then its value."""

    name: str
    length: str  # the name of its length's field
    size: int  # bytes
    instant: bool


class Wire(NamedTuple):
    """How rows of some records stand in a binary COPY document."""

    row: np.dtype[Any]  # the count of fields, then each field's length and big-endian value
    fields: tuple[CopyField, ...]


@cache
def wire(dtype: np.dtype[Any]) -> Wire:
    """The layout for records of this type, in whichever byte order they are held."""
    names = dtype.names or ()
    fields = tuple(CopyField(name, f"{name} length", dtype[name].itemsize, name in INSTANTS) for name in names)
    layout: list[tuple[str, Any]] = [("fields", ">i2")]
    for field in fields:
        layout += [(field.length, ">i4"), (field.name, dtype[field.name].newbyteorder(">"))]
    return Wire(np.dtype(layout), fields)


def decode(parts: Iterable[bytes], dtype: np.dtype[Any]) -> Records:
    """Byte strings of records as one array; instants become microseconds since 1970."""
    found = np.frombuffer(b"".join(parts), dtype).copy()
    for name in INSTANTS & set(dtype.names or ()):
        found[name] = from_postgres(found[name])
    return found


def copy_document(records: Records) -> bytes:
    """Records in the table's order of columns, as a binary COPY document."""
    row, fields = wire(records.dtype)
    out = np.empty(len(records), row)
    out["fields"] = len(fields)
    for name, length, size, instant in fields:
        out[length] = size
        out[name] = to_postgres(records[name]) if instant else records[name]
    return COPY_HEADER + out.tobytes() + COPY_END
