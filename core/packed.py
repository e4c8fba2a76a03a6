"""One batch of readings as one byte string: what `ingest` hands to `alerts` through the `batch` table."""

from enum import IntFlag
from typing import Any

import numpy as np
from numpy.typing import NDArray

READING = np.dtype(
    [
        ("ts", "<i8"),  # microseconds since 1970-01-01 UTC
        ("device", "<i4"),  # device.id
        ("metric", "<i2"),  # metric.id
        ("flags", "<i2"),  # Flag
        ("value", "<f8"),
    ]
)

# One row of PostgreSQL's binary COPY into reading (ts, device_id, metric, flags, value): field count, then the length
# and the big-endian value of each field.
WIRE = np.dtype(
    [("fields", ">i2"), ("l_ts", ">i4"), ("ts", ">i8"), ("l_device", ">i4"), ("device", ">i4"), ("l_metric", ">i4"),
     ("metric", ">i2"), ("l_flags", ">i4"), ("flags", ">i2"), ("l_value", ">i4"), ("value", ">f8")]
)  # fmt: skip
POSTGRES_EPOCH = 946_684_800_000_000  # 2000-01-01 in microseconds since 1970
COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
COPY_END = b"\xff\xff"

Packed = NDArray[Any]  # shape (n,), dtype READING


class Flag(IntFlag):
    """What ingest knew about a reading beside its value."""

    CLOCK = 1  # the device's time was out of bounds: ts is the time of receipt
    LATE = 2  # it arrived long after it was measured
    URGENT = 4  # it took the urgent lane
    RETAINED = 8  # the broker kept it and gave it again: no sign of life, and nothing that happens now


def pack(rows: Packed) -> bytes:
    """The bytes of `rows`."""
    return np.ascontiguousarray(rows, dtype=READING).tobytes()


def unpack(payload: bytes) -> Packed:
    """A read-only array over `payload`; raises ValueError if it is not whole records."""
    return np.frombuffer(payload, dtype=READING)


def copy_document(rows: Packed) -> bytes:
    """The rows as a binary COPY document for reading (ts, device_id, metric, flags, value)."""
    out = np.empty(len(rows), WIRE)
    out["fields"] = 5
    out["l_ts"], out["l_device"], out["l_metric"], out["l_flags"], out["l_value"] = 8, 4, 2, 2, 8
    out["ts"] = rows["ts"] - POSTGRES_EPOCH
    for name in ("device", "metric", "flags", "value"):
        out[name] = rows[name]
    return COPY_HEADER + out.tobytes() + COPY_END
