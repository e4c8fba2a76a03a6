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
