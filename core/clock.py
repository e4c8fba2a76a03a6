"""The three ways time is counted here, and how one becomes another. Pure: nothing in it reads a clock.

An aware datetime at the edges and in rows; microseconds since 1970 in columns, where a million instants cost no Python
object each; microseconds since 2000 in PostgreSQL's binary forms.
"""

from datetime import UTC, datetime, timedelta

from core.arrays import I8

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
POSTGRES_EPOCH = 946_684_800_000_000  # 2000-01-01 in microseconds since 1970

MICROSECOND = timedelta(microseconds=1)
SECOND = 1_000_000  # microseconds
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def micros(span: timedelta) -> int:
    """`span` in whole microseconds."""
    return span // MICROSECOND


def to_us(moment: datetime) -> int:
    """An aware datetime as microseconds since 1970."""
    return micros(moment - EPOCH)


def to_datetime(us: int) -> datetime:
    """Microseconds since 1970 as a datetime in UTC."""
    return EPOCH + timedelta(microseconds=int(us))


def to_postgres(us: I8) -> I8:
    """Microseconds since 1970 as PostgreSQL counts them in binary."""
    return us - POSTGRES_EPOCH


def from_postgres(us: I8) -> I8:
    """Microseconds as PostgreSQL counts them in binary, since 1970."""
    return us + POSTGRES_EPOCH
