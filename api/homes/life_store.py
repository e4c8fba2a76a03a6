"""Signs of life in a home, by what shows life in each metric: see core/metrics.toml."""

from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from api.alerts.models import LastSign
from api.alerts.store import rows
from api.devices import newest_store as newest
from api.devices.newest_store import ALLOWED, NEWEST
from core.catalogue import Life, device_types, metric_by_id, metrics

WINDOW = timedelta(days=3)


def signs(home: str) -> str:
    """FROM and WHERE of the signs, `sign.at`, of devices `d` and metrics `l.metric` in the home `home` (SQL)."""
    return f"""
    FROM device d {ALLOWED}
    CROSS JOIN LATERAL ({NEWEST} AND l.metric = ANY(%(life)s)) l CROSS JOIN LATERAL (
        (SELECT r.ts AS at FROM reading_in_scope r WHERE l.metric = ANY(%(nonzero)s)
            AND r.device_id = d.id AND r.metric = l.metric AND r.ts > %(life_from)s AND r.value <> 0
         ORDER BY r.ts DESC LIMIT 1)
        UNION ALL
        SELECT l.since WHERE l.metric = ANY(%(change)s) AND l.since > %(life_from)s
        UNION ALL
        (SELECT r.ts FROM reading_in_scope r WHERE l.metric = ANY(%(rise)s) AND r.device_id = d.id
            AND r.metric = l.metric AND r.ts > %(life_from)s AND r.value >= l.value
            AND EXISTS (SELECT 1 FROM reading_in_scope b WHERE b.device_id = d.id AND b.metric = l.metric
                        AND b.ts > %(life_from)s AND b.ts < r.ts AND b.value < l.value)
         ORDER BY r.ts LIMIT 1)) sign
    WHERE d.home_id = {home} AND l.ts > %(life_from)s
    """


def values(now: datetime) -> dict[str, Any]:
    """The parameters of `signs`, besides those of `newest`."""
    by_life = {kind: [m.id for m in metrics().values() if m.life is kind] for kind in Life}
    return {
        "life_from": now - WINDOW, "nonzero": by_life[Life.NONZERO], "change": by_life[Life.CHANGE],
        "rise": by_life[Life.RISE], "life": [number for numbers in by_life.values() for number in numbers],
    }  # fmt: skip


LAST = f"""
    SELECT sign.at, d.id AS device_id, d.type, d.room, l.metric {signs("%(home)s")} AND sign.at IS NOT NULL
    ORDER BY sign.at DESC LIMIT 1
"""


def last_sign(conn: Connection, home_id: int, now: datetime) -> LastSign | None:
    """The last sign of life in a home the caller may see; none within three days: None."""
    found = rows(conn, LAST, {**newest.values(conn, now), **values(now), "home": home_id})
    if not found:
        return None
    row = found[0]
    metric, kind = metric_by_id()[row["metric"]], device_types().get(row["type"])
    return LastSign(
        at=row["at"], device_id=row["device_id"], room=row["room"], metric=metric.name, zh=metric.zh, en=metric.en,
        type_zh=kind.zh if kind else row["type"], type_en=kind.en if kind else row["type"],
    )  # fmt: skip
