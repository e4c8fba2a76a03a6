"""A day of a home: what hung there on that day, and what it measured."""

from datetime import datetime
from itertools import groupby
from typing import Any

from psycopg import Connection

from api.alerts.store import rows
from api.devices.history_store import MAX_POINTS
from api.homes.models import Lane
from core.catalogue import Kind, device_types, metric_by_id, metrics

# OFFSET 0: each device by itself, else the planner would gather the spans of the whole district first.
READ = """
    SELECT r.metric, r.ts, r.value FROM reading_in_scope r
    WHERE r.device_id = s.device_id AND r.ts >= s.since AND r.ts < s.until
        AND r.ts >= %(from)s AND r.ts < %(to)s AND r.metric = ANY(%({metrics})s) OFFSET 0
"""
# A lane that is too long keeps only the changes of its condition, of those the last, and says when that is not all.
DAY = f"""
    WITH spans AS MATERIALIZED (
        SELECT device_id, type, room, since, until FROM (
            SELECT device_id, type, room, CASE WHEN first THEN %(from)s ELSE greatest(since, %(from)s) END AS since,
                   least(until, %(to)s) AS until FROM installation_in_scope WHERE home_id = %(home)s) i
        WHERE since < until)
    SELECT device_id, type, room, metric, ms, value, kept > %(limit)s AS thinned FROM (
        SELECT c.*, row_number() OVER w AS number, count(*) OVER (PARTITION BY device_id, metric) AS kept FROM (
          SELECT p.*, count(*) OVER (PARTITION BY device_id, metric) AS total,
                 value IS DISTINCT FROM lag(value) OVER (PARTITION BY device_id, metric ORDER BY ms) AS changed FROM (
            SELECT s.device_id, s.type, s.room, r.metric,
                   (extract(epoch FROM r.ts) * 1000)::bigint AS ms, r.value
            FROM spans s CROSS JOIN LATERAL ({READ.format(metrics="raw")}) r
            UNION ALL
            SELECT s.device_id, s.type, s.room, r.metric,
                   (extract(epoch FROM time_bucket('5 minutes', r.ts)) * 1000)::bigint, avg(r.value)
            FROM spans s CROSS JOIN LATERAL ({READ.format(metrics="mean")}) r
            GROUP BY 1, 2, 3, 4, 5) p) c
        WHERE total <= %(limit)s OR changed WINDOW w AS (PARTITION BY device_id, metric ORDER BY ms DESC)) numbered
    WHERE number <= %(limit)s ORDER BY device_id, metric, ms
"""


def lanes(conn: Connection, home_id: int, since: datetime, until: datetime) -> list[Lane]:
    """Every device and metric with something to show between two moments, 2000 points each at most."""
    raw = [m.id for m in metrics().values() if m.kind in {Kind.EVENT, Kind.BINARY}]
    mean = [m.id for m in metrics().values() if m.id not in raw]
    values = {"home": home_id, "from": since, "to": until, "raw": raw, "mean": mean, "limit": MAX_POINTS}
    found = rows(conn, DAY, values)
    return [_lane(list(group)) for _, group in groupby(found, key=lambda row: (row["device_id"], row["metric"]))]


def _lane(points: list[dict[str, Any]]) -> Lane:
    first = points[0]
    metric, kind = metric_by_id()[first["metric"]], device_types().get(first["type"])
    return Lane(
        device_id=first["device_id"], type=first["type"], room=first["room"],
        type_zh=kind.zh if kind else first["type"], type_en=kind.en if kind else first["type"],
        metric=metric.name, zh=metric.zh, en=metric.en, unit=metric.unit, unit_zh=metric.unit_zh, kind=metric.kind,
        incomplete=first["thinned"], points=[(row["ms"], row["value"]) for row in points],
    )  # fmt: skip
