"""What a device says now: `latest`, completed by what has been stored since it was written.

The engine writes `latest` a slice at a time, so in a large fleet a row of it may be half an hour behind. Every list and
every page reads a device's values from here, so none of them is.
"""

from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from core.catalogue import EVERY_DEVICE, DeviceType, device_types, metrics
from core.packed import Flag

LATE = timedelta(days=1)  # what comes later than this is shown once `latest` has it; two chunks of `reading` to look at
# A batch is kept until `latest` has it (decision 0005): nothing received before the oldest is missing there.
UNWRITTEN = "SELECT least(%s::timestamptz, (SELECT received_at FROM batch ORDER BY id LIMIT 1)) - %s"

# One row per metric of device `d`. `since` is the last change that `latest` knows, or the newest reading if it is one.
NEWEST = """
    SELECT l.metric, coalesce(r.value, l.value) AS value, coalesce(r.ts, l.ts) AS ts,
           CASE WHEN r.ts IS NULL OR (r.value <> 0) = (l.value <> 0) THEN l.since ELSE r.ts END AS since,
           greatest(l.seen_at, CASE WHEN r.flags & %(retained)s = 0 THEN least(r.ts, %(now)s) END) AS seen_at
    FROM (SELECT coalesce(w.metric, m.metric) AS metric, w.ts, w.value, w.since, w.seen_at
          FROM unnest(allowed.metrics::smallint[]) AS m (metric)
          FULL JOIN (SELECT * FROM latest WHERE device_id = d.id) w ON w.metric = m.metric) l
    LEFT JOIN LATERAL (
        SELECT ts, value, flags FROM reading_in_scope WHERE device_id = d.id AND metric = l.metric
            AND ts > greatest(l.ts, %(unwritten)s) AND ts > %(unwritten)s ORDER BY ts DESC LIMIT 1) r ON true
    WHERE (l.ts IS NOT NULL OR r.ts IS NOT NULL)
"""
WRITTEN = "SELECT metric, value, seen_at FROM latest WHERE device_id = d.id"  # quickly read, perhaps half an hour old

# What the catalogue says of the type of device `d`.
ALLOWED = """
    LEFT JOIN unnest(%(types)s::text[], %(quiet)s::interval[], %(measured)s::text[]) AS allowed (type, quiet, metrics)
        ON allowed.type = d.type
"""


def told(name: str, source: str) -> str:
    """A join that gives device `d` a last word, a connection and a battery under `name`.

    `online` 0 is the broker's word that it is away, not a word from the device.
    """
    return f"""
    LEFT JOIN LATERAL (
        SELECT max(n.seen_at) FILTER (WHERE NOT (n.metric = %(online)s AND n.value = 0)) AS last_seen_at,
               bool_or(n.value <> 0) FILTER (WHERE n.metric = %(online)s) AS online,
               max(n.value) FILTER (WHERE n.metric = %(battery)s) AS battery
        FROM ({source}) n) {name} ON true
    """


def silent(name: str) -> str:
    """The condition that device `d` has not been heard for longer than its type allows, by what `name` tells."""
    return f"coalesce(coalesce({name}.last_seen_at, d.installed_at) < %(now)s - allowed.quiet, false)"


def values(conn: Connection, now: datetime) -> dict[str, Any]:
    """The parameters of all of these."""
    kinds = device_types().values()
    unwritten = conn.execute(UNWRITTEN, (now, LATE)).fetchone()
    assert unwritten is not None
    return {
        "now": now, "unwritten": unwritten[0],
        "retained": Flag.RETAINED.value, "online": metrics()["online"].id, "battery": metrics()["battery"].id,
        "types": [kind.code for kind in kinds], "quiet": [kind.silent_after for kind in kinds],
        "measured": [_array(kind) for kind in kinds],
    }  # fmt: skip


def _array(kind: DeviceType) -> str:
    """The ids of a type's metrics as PostgreSQL writes an array: arrays of arrays would have to be of one length."""
    measured = [*(metric.id for metric in kind.metrics.values()), *(metrics()[name].id for name in EVERY_DEVICE)]
    return f"{{{','.join(map(str, measured))}}}"
