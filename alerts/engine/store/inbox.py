"""SQL of a leading engine: the shard's lock, the inbox, `latest` and what is learned."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import LiteralString, NamedTuple

import psycopg

from core.binary import Records, copy_document
from core.packed import Packed, unpack


class PackedBatch(NamedTuple):
    """One packed batch of the inbox."""

    id: int
    received_at: datetime
    payload: bytes


class Inbox(NamedTuple):
    """How much waits to be judged."""

    batches: int
    oldest: datetime | None


# -- leadership and the outside


def try_lead(conn: psycopg.Connection, shard: int) -> bool:
    """Take the shard's lock for as long as this connection lives; False when another engine has it."""
    row = conn.execute("SELECT pg_try_advisory_lock(hashtext('shouwang engine'), %s)", (shard,)).fetchone()
    return bool(row and row[0])


def listen(conn: psycopg.Connection) -> None:
    """Be told of emergencies, answers of operators, changes of the registry, rhythms learned. Needs autocommit."""
    for statement in ("LISTEN batch", "LISTEN alert_event", "LISTEN registry", "LISTEN baseline"):
        conn.execute(statement)


def relax(conn: psycopg.Connection) -> None:
    """Let this session's commits reach the disk a moment later: a step that a crash undoes is simply done again."""
    conn.execute("SET synchronous_commit = off")


def insist(conn: psycopg.Connection) -> None:
    """This transaction is on disk before anybody is told of it: it holds what people act upon."""
    conn.execute("SET LOCAL synchronous_commit = on")


def allow_long(conn: psycopg.Connection) -> None:
    """Let this transaction take minutes: reading the state of a million homes does."""
    conn.execute("SET LOCAL statement_timeout = '10min'")
    conn.execute("SET LOCAL idle_in_transaction_session_timeout = '10min'")


# -- inbox


def waiting(conn: psycopg.Connection, shard: int, *, urgent: bool, batches: int, rows: int) -> list[PackedBatch]:
    """The oldest batches of a lane, at most `batches` of about `rows` readings together."""
    found = conn.execute(
        "SELECT id, received_at, payload FROM ("
        "  SELECT id, received_at, payload, rows, sum(rows) OVER (ORDER BY id) AS total FROM ("
        "    SELECT * FROM batch WHERE step IS NULL AND shard = %s AND urgent = %s ORDER BY id LIMIT %s"
        "  ) AS next) AS counted WHERE total - rows < %s ORDER BY id",
        (shard, urgent, batches, rows),
        binary=True,  # a payload in hexadecimal would be twice as long
    )
    return [PackedBatch(*row) for row in found]


def inbox(conn: psycopg.Connection, shard: int) -> Inbox:
    """How much waits."""
    row = conn.execute(
        "SELECT count(*), min(received_at) FROM batch WHERE step IS NULL AND shard = %s", (shard,)
    ).fetchone()
    assert row is not None
    return Inbox(*row)


def oldest_telemetry(conn: psycopg.Connection, shard: int) -> datetime | None:
    """When the first batch of the slow lane was received; None when nothing waits there."""
    row = conn.execute(
        "SELECT received_at FROM batch WHERE step IS NULL AND shard = %s AND NOT urgent ORDER BY id LIMIT 1",
        (shard,),
    ).fetchone()
    return row[0] if row else None


def all_waiting(conn: psycopg.Connection, shard: int) -> Iterator[Packed]:
    """Every reading of the inbox."""
    for row in conn.execute("SELECT payload FROM batch WHERE step IS NULL AND shard = %s", (shard,), binary=True):
        yield unpack(row[0])


def mark_judged(conn: psycopg.Connection, batch_ids: Sequence[int], step: int) -> None:
    """Out of the inbox; kept until `latest` knows what was in them."""
    conn.execute("UPDATE batch SET step = %s WHERE id = ANY(%s)", (step, list(batch_ids)))


def judged(conn: psycopg.Connection, shard: int) -> Iterator[PackedBatch]:
    """What was judged since `latest` was last written, in that order."""
    query = "SELECT id, received_at, payload FROM batch WHERE step IS NOT NULL AND shard = %s ORDER BY step, id"
    yield from map(PackedBatch._make, conn.execute(query, (shard,), binary=True))


def newest_step(conn: psycopg.Connection, shard: int) -> int:
    """The last step of which there is something left; 0 when there is nothing."""
    row = conn.execute("SELECT max(step) FROM batch WHERE step IS NOT NULL AND shard = %s", (shard,)).fetchone()
    return (row and row[0]) or 0


def forget_judged(conn: psycopg.Connection, shard: int, step: int) -> None:
    """Delete what was judged up to that step: `latest` has it."""
    conn.execute("DELETE FROM batch WHERE step <= %s AND shard = %s", (step, shard))


def echo(conn: psycopg.Connection, signals: Sequence[int]) -> None:
    """Announce that these self-check signals (µs) have been judged: heard by the live feed and by the self-check."""
    conn.execute("SELECT pg_notify('canary', %s)", (",".join(map(str, signals)),))


# -- latest


def prepare_latest(conn: psycopg.Connection) -> None:
    """Make this session's staging tables for write_latest."""
    conn.execute("CREATE TEMP TABLE IF NOT EXISTS fresh_latest (LIKE latest) ON COMMIT DELETE ROWS")
    conn.execute("CREATE TEMP TABLE IF NOT EXISTS fresh_life (LIKE life) ON COMMIT DELETE ROWS")


def write_latest(conn: psycopg.Connection, latest: Records) -> None:
    """Write values that changed. Inside a transaction."""
    _copy_in(
        conn, "COPY fresh_latest (device_id, metric, ts, value, since, seen_at) FROM STDIN (FORMAT BINARY)", latest
    )
    conn.execute(
        "INSERT INTO latest (device_id, metric, ts, value, since, seen_at)"
        " SELECT device_id, metric, ts, value, since, seen_at FROM fresh_latest"
        " ON CONFLICT (device_id, metric) DO UPDATE SET ts = excluded.ts, value = excluded.value,"
        " since = excluded.since, seen_at = excluded.seen_at"
    )


def write_life(conn: psycopg.Connection, life: Records) -> None:
    """Write homes' last signs of life. Inside a transaction."""
    _copy_in(conn, "COPY fresh_life (home_id, at, device_id) FROM STDIN (FORMAT BINARY)", life)
    conn.execute(
        "INSERT INTO life (home_id, at, device_id) SELECT home_id, at, device_id FROM fresh_life"
        " ON CONFLICT (home_id) DO UPDATE SET at = excluded.at, device_id = excluded.device_id"
    )


def _copy_in(conn: psycopg.Connection, statement: LiteralString, records: Records) -> None:
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(copy_document(records))


def write_baselines(conn: psycopg.Connection, shards: int, shard: int, rows: Records, now: datetime) -> None:
    """Replace what was learned of the homes with id modulo `shards` = `shard`. BASELINE records; in a transaction."""
    conn.execute(
        "CREATE TEMP TABLE fresh_baseline (home_id integer, hour smallint, gap real, days smallint) ON COMMIT DROP"
    )
    _copy_in(conn, "COPY fresh_baseline (home_id, hour, gap, days) FROM STDIN (FORMAT BINARY)", rows)
    conn.execute("DELETE FROM baseline WHERE home_id %% %s = %s", (shards, shard))
    conn.execute(
        "INSERT INTO baseline (home_id, hour, gap_seconds, days, learned_at)"
        " SELECT home_id, hour, gap, days, %s FROM fresh_baseline",
        (now,),
    )
    conn.execute("DROP TABLE fresh_baseline")
    conn.execute("NOTIFY baseline")
