"""SQL of the repair path: which readings of a batch are stored already, whatever came of them before."""

from collections import defaultdict
from datetime import timedelta

import numpy as np
import psycopg

from core.binary import copy_document
from core.packed import Packed
from ingest.draft import OF_AN_INSTANT, Rows

COLUMNS = "(ts, device_id, metric, flags, value)"
Key = tuple[int, int, int]  # device, metric, µs


def repair(conn: psycopg.Connection, rows: Rows) -> Rows:
    """Insert what is not there yet and return it: the dedup of redelivered batches. Inside a transaction.

    A value that is stored for the same instant is the same reading; a different one is moved behind it (decision 0010).
    """
    conn.execute("CREATE TEMP TABLE stage (LIKE reading) ON COMMIT DROP")
    sent = rows.packed.copy()
    sent["ts"] = rows.sent
    _copy(conn, sent)
    known = _known(conn)
    fresh = np.zeros(len(sent), bool)
    for place, row in enumerate(sent):
        stored = known[int(row["device"]), int(row["metric"]), int(row["ts"])]
        fresh[place] = float(row["value"]) not in stored and len(stored) < OF_AN_INSTANT
        if fresh[place]:
            at = max([int(row["ts"]) - 1, *stored.values()]) + 1
            rows.packed["ts"][place] = stored[float(row["value"])] = at
    left = rows.where(fresh)
    conn.execute("TRUNCATE stage")
    _copy(conn, left.packed)
    done = conn.execute(
        f"INSERT INTO reading {COLUMNS} SELECT ts, device_id, metric, flags, value FROM stage"  # noqa: S608 - constant
        " ON CONFLICT DO NOTHING RETURNING device_id, metric, (extract(epoch FROM ts) * 1000000)::bigint"
    )
    inserted = set(done.fetchall())  # what another worker stored meanwhile is its own
    conn.execute("DROP TABLE stage")
    return left.where(np.array([_key(row) in inserted for row in left.packed], bool))


def _key(row: Packed) -> Key:
    return int(row["device"]), int(row["metric"]), int(row["ts"])


def _copy(conn: psycopg.Connection, rows: Packed) -> None:
    with conn.cursor().copy(f"COPY stage {COLUMNS} FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(copy_document(rows))


def _known(conn: psycopg.Connection) -> defaultdict[Key, dict[float, int]]:
    """For each staged (device, metric, instant): the values stored for it, and the µs they are stored at."""
    found: defaultdict[Key, dict[float, int]] = defaultdict(dict)
    bounds = conn.execute("SELECT min(ts), max(ts) FROM stage").fetchone()
    assert bounds is not None
    for device, metric, ts, at, value in conn.execute(
        "SELECT s.device_id, s.metric, (extract(epoch FROM s.ts) * 1000000)::bigint,"
        "   (extract(epoch FROM r.ts) * 1000000)::bigint, r.value"
        " FROM (SELECT DISTINCT device_id, metric, ts FROM stage) s CROSS JOIN LATERAL ("
        "   SELECT ts, value FROM reading WHERE device_id = s.device_id AND metric = s.metric"
        "   AND ts >= s.ts AND ts < s.ts + %(instant)s AND ts BETWEEN %(first)s AND %(last)s::timestamptz + %(instant)s"
        "   LIMIT %(most)s) r",
        {
            "instant": timedelta(microseconds=OF_AN_INSTANT), "first": bounds[0], "last": bounds[1],
            "most": OF_AN_INSTANT,
        },
    ):  # fmt: skip
        found[device, metric, ts][value] = at
    return found
