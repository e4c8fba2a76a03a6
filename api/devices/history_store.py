"""The past: readings and their figures per bucket, always bounded."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from api.alerts.store import rows
from api.devices.models import Bucket, Point
from api.errors import ApiError
from core.catalogue import Metric

MAX_POINTS = 2000
WIDTHS: dict[Bucket, timedelta] = {
    "1m": timedelta(minutes=1), "5m": timedelta(minutes=5), "1h": timedelta(hours=1), "1d": timedelta(days=1),
}  # fmt: skip

# What a device measured in another area's home is not for this one: `reading_in_scope` looks where it hung at the time.
RAW = """
    SELECT r.ts, r.value AS mean, r.value AS low, r.value AS high, 1 AS readings
    FROM reading_in_scope r
    WHERE r.device_id = %(device)s AND r.metric = %(metric)s AND r.ts >= %(from)s AND r.ts < %(to)s
    ORDER BY r.ts LIMIT %(limit)s
"""
FINE = """
    SELECT time_bucket(%(width)s, r.ts) AS ts, avg(r.value) AS mean, min(r.value) AS low, max(r.value) AS high,
           count(*) AS readings
    FROM reading_in_scope r
    WHERE r.device_id = %(device)s AND r.metric = %(metric)s AND r.ts >= %(from)s AND r.ts < %(to)s
    GROUP BY 1 ORDER BY 1 LIMIT %(limit)s
"""
COARSE = """
    SELECT time_bucket(%(width)s, r.bucket, %(zone)s) AS ts, sum(r.mean * r.readings) / sum(r.readings) AS mean,
           min(r.low) AS low, max(r.high) AS high, sum(r.readings)::bigint AS readings
    FROM reading_hourly_in_scope r
    WHERE r.device_id = %(device)s AND r.metric = %(metric)s
      AND r.bucket >= time_bucket('1 hour', %(from)s) AND r.bucket < %(to)s
    GROUP BY 1 ORDER BY 1 LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Span:
    """What is asked for."""

    device: int
    metric: Metric
    since: datetime
    until: datetime
    zone: str  # days begin at this zone's midnight


def too_many() -> ApiError:
    """422: the answer would be longer than a chart can show."""
    message = (
        f"数据点超过 {MAX_POINTS} 个，请放宽间隔或缩短时间 (too many points: take a wider bucket or a shorter time)"
    )
    return ApiError(422, "too_many_points", message, limit=MAX_POINTS)


def read(conn: Connection, span: Span, bucket: str) -> tuple[Bucket, list[Point]]:
    """The points of a span the caller may see, and the bucket they are in; raises ApiError 422 on too many."""
    if bucket == "auto":
        points = _points(conn, span, "raw", MAX_POINTS + 1)
        if len(points) <= MAX_POINTS:
            return "raw", points
        fitting: list[Bucket] = [name for name, width in WIDTHS.items() if _fits(span, width)]
        if not fitting:
            raise too_many()
        return fitting[0], _points(conn, span, fitting[0], MAX_POINTS + 1)
    chosen: Bucket = "raw" if bucket == "raw" else next(name for name in WIDTHS if name == bucket)
    if chosen != "raw" and not _fits(span, WIDTHS[chosen]):
        raise too_many()
    points = _points(conn, span, chosen, MAX_POINTS + 1)
    if len(points) > MAX_POINTS:
        raise too_many()
    return chosen, points


def _fits(span: Span, width: timedelta) -> bool:
    return (span.until - span.since) / width <= MAX_POINTS - 2  # the first and the last bucket may be cut


def _points(conn: Connection, span: Span, bucket: Bucket, limit: int) -> list[Point]:
    query = RAW if bucket == "raw" else COARSE if bucket in {"1h", "1d"} else FINE
    values: dict[str, Any] = {
        "device": span.device, "metric": span.metric.id, "from": span.since, "to": span.until,
        "width": WIDTHS.get(bucket), "zone": span.zone, "limit": limit,
    }  # fmt: skip
    return [Point(**row) for row in rows(conn, query, values)]
