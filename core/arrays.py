"""Short names for the array types that the columns are made of, and time in µs."""

from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

I1: TypeAlias = NDArray[np.int8]
I2: TypeAlias = NDArray[np.int16]
I4: TypeAlias = NDArray[np.int32]
I8: TypeAlias = NDArray[np.int64]
F4: TypeAlias = NDArray[np.float32]
F8: TypeAlias = NDArray[np.float64]
Bool: TypeAlias = NDArray[np.bool_]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(span: timedelta) -> int:
    """`span` in microseconds."""
    return span // timedelta(microseconds=1)


def to_us(moment: datetime) -> int:
    """An aware datetime as microseconds since 1970."""
    return micros(moment - EPOCH)


def to_datetime(us: int) -> datetime:
    """Microseconds since 1970 as a datetime in UTC."""
    return EPOCH + timedelta(microseconds=int(us))
