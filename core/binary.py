"""Fixed records between numpy and PostgreSQL's binary forms: a million rows cost no Python object each."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.arrays import I8

POSTGRES_EPOCH = 946_684_800_000_000  # 2000-01-01 in microseconds since 1970
INSTANTS = frozenset({"ts", "since", "seen", "at", "installed_at"})  # fields that hold one

Records = NDArray[Any]

LATEST = np.dtype(
    [("device", ">i4"), ("metric", ">i2"), ("ts", ">i8"), ("value", ">f8"), ("since", ">i8"), ("seen", ">i8")]
)
LIFE = np.dtype([("home", ">i4"), ("at", ">i8"), ("device", ">i4")])
BASELINE = np.dtype([("home", ">i4"), ("hour", ">i2"), ("gap", ">f4"), ("days", ">i2")])
GAP = np.dtype([("home", ">i4"), ("hour", ">i2"), ("gap", ">f4")])
STORED = np.dtype([("ts", ">i8"), ("device", ">i4"), ("metric", ">i2"), ("flags", ">i2"), ("value", ">f8")])


def to_postgres(us: I8) -> I8:
    """Microseconds since 1970 as PostgreSQL counts them in binary."""
    return us - POSTGRES_EPOCH


def decode(parts: Iterable[bytes], dtype: np.dtype[Any]) -> Records:
    """Byte strings of records as one array; instants become microseconds since 1970."""
    found = np.frombuffer(b"".join(parts), dtype).copy()
    for name in INSTANTS & set(dtype.names or ()):
        found[name] += POSTGRES_EPOCH
    return found


def copy_document(records: Records) -> bytes:
    """Big-endian records in the table's order, instants as PostgreSQL counts them, as a binary COPY document."""
    names = records.dtype.names or ()
    layout: list[tuple[str, Any]] = [("fields", ">i2")]
    for name in names:
        layout += [(f"{name} length", ">i4"), (name, records.dtype[name])]
    out = np.zeros(len(records), layout)
    out["fields"] = len(names)
    for name in names:
        out[f"{name} length"] = records.dtype[name].itemsize
        out[name] = records[name]
    return b"PGCOPY\n\xff\r\n\0" + bytes(8) + out.tobytes() + b"\xff\xff"
