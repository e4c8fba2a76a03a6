"""Messages from the broker to stored, judged rows: how many, for how long, and at what cost beside the bare limits."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import psycopg

from bench import cpu
from bench.city import RIVAL, VENDOR
from bench.rig import READINGS, Rig, stored
from core.binary import COPY_HEADER, copy_document, wire
from core.clock import from_postgres
from core.packed import READING, Packed


class Flow(NamedTuple):
    """One run with everything in it."""

    messages_per_second: float
    cpu: dict[str, float]  # seconds per message, by program


class Sustained(NamedTuple):
    """One run at a fixed rate."""

    sent_per_second: float
    drained: float  # seconds from the last message's publication until everything was stored and judged
    longest_lag: float  # seconds: the oldest batch not judged, at its worst
    cpu: dict[str, float]  # seconds per message, by program
    batch: int  # readings per transaction, on average
    first: int  # how many readings were stored before it
    readings: int  # how many it stored


@contextmanager
def bare_subscriber_running(rig: Rig) -> Iterator[Callable[[], int]]:
    """A paho subscriber that only acknowledges; gives its CPU ticks so far, 0 until a message has come."""
    command = [sys.executable, "-m", "bench.bare", str(rig.site.broker.port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(rig.site.secrets.mqtt_ingest + "\n")
        process.stdin.flush()
        process.stdout.readline()
        base = cpu.seconds(process.pid)
        yield lambda: round((cpu.seconds(process.pid) - base) * cpu.TICKS)
        process.terminate()


def bare_subscriber(rig: Rig, count: int) -> float:
    """CPU seconds per message of a paho subscriber that only acknowledges, over `count` messages."""
    with bare_subscriber_running(rig) as ticks:
        rig.load(count).go().wait()
        used, before = ticks(), -1
        while used != before:  # until it has nothing left to do
            time.sleep(0.5)
            used, before = ticks(), used
    return used / cpu.TICKS / count


def as_fast_as_it_goes(rig: Rig, count: int, vendors: Sequence[str] = (VENDOR,)) -> Flow:
    """Publish without a pause, all vendors at once, and wait until every reading is stored and judged."""
    rig.settle_log()
    loads = [rig.load(count // len(vendors), vendor=vendor) for vendor in vendors]
    with rig.connect() as conn:
        base, before = stored(conn), rig.cpu_seconds()
        begin = time.monotonic()
        for load in loads:
            load.go()
        for load in loads:
            load.wait()
        seconds = rig.wait_judged(conn, base + READINGS * count) - begin
        used = {name: value - before[name] for name, value in rig.cpu_seconds().items()}
    return Flow(count / seconds, {name: value / count for name, value in used.items()})


def sustained(rig: Rig, rate: float, seconds: float) -> Sustained:
    """Publish at `rate` messages a second for `seconds`; raises TimeoutError if a reading is lost."""
    count = int(rate * seconds)
    rig.settle_log()
    with rig.connect() as conn:
        base, before, commits = stored(conn), rig.cpu_seconds(), rig.batches(conn)
        load = rig.load(count, rate).go()
        worst = 0.0
        while load.running:
            row = conn.execute(
                "SELECT extract(epoch FROM now() - min(received_at))::float FROM batch WHERE step IS NULL"
            ).fetchone()
            worst = max(worst, row[0] or 0.0) if row else worst
            time.sleep(0.2)
        ended = time.monotonic()
        drained = max(0.0, rig.wait_judged(conn, base + READINGS * count) - ended)
        used = {name: (value - before[name]) / count for name, value in rig.cpu_seconds().items()}
        batches = max(rig.batches(conn) - commits, 1)
    readings = READINGS * count
    return Sustained(load.wait(), drained, worst, used, readings // batches, base, readings)


def rival(rig: Rig, count: int, readings: int) -> Flow:
    """The same with `bench.rival` in place of our programs, which must be stopped, and so many readings a message."""
    with rig.connect() as conn:
        conn.execute("CREATE TABLE rival (LIKE reading INCLUDING ALL)")
        conn.execute("SELECT create_hypertable('rival', 'ts', chunk_time_interval => INTERVAL '1 day')")
    rig.settle_log()
    environment = os.environ | {"MQTT_PASSWORD": rig.site.secrets.mqtt_ingest, "DATABASE_URL": rig.site.owner_url}
    command = [sys.executable, "-m", "bench.rival", str(rig.site.broker.port)]
    load = rig.load(count, vendor=RIVAL, readings=readings)
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process,
        rig.connect() as conn,
    ):
        assert process.stdout
        process.stdout.readline()
        before = rig.cpu_seconds() | {"client": cpu.seconds(process.pid)}
        begin = time.monotonic()
        load.go()
        while int(process.stdout.readline()) < readings * count:
            pass
        seconds = time.monotonic() - begin
        used = rig.cpu_seconds() | {"client": cpu.seconds(process.pid)}
        load.wait()
        process.terminate()
        conn.execute("DROP TABLE rival")
    return Flow(count / seconds, {name: (used[name] - before[name]) / count for name in used})


class Copied(NamedTuple):
    """What a plain binary COPY of the same rows costs the database, CPU seconds per row."""

    idle: float  # nothing else runs
    busy: float  # beside the same load, taken by a bare subscriber, and as many rows a second
    rows_per_second: float  # as fast as it goes


def copy_cost(rig: Rig, run: Sustained) -> Copied:
    """Measure it with the rows that `run` stored, in their order and transactions, into the same hypertable.

    What was stored before them is put there first, not measured: an index costs what its size is. The rig's programs
    must be stopped: this is the database alone.
    """
    rows, rate = _rows(rig, run.first + run.readings), run.sent_per_second
    idle, seconds = _copy(rig, rows, run, None)
    with bare_subscriber_running(rig) as seen:
        load = rig.load(10**9, rate).go()
        while not seen():
            time.sleep(0.1)
        busy, _ = _copy(rig, rows, run, rate * READINGS)
        load.kill()
    with rig.connect() as conn:  # what follows shall not stand behind the writing of these
        conn.execute("TRUNCATE reading")
        conn.execute("CHECKPOINT")
    return Copied(idle, busy, run.readings / seconds)


def _copy(rig: Rig, rows: Packed, run: Sustained, rate: float | None) -> tuple[float, float]:
    """(CPU seconds per row, elapsed seconds) of the run's rows, at `rate` rows a second if given."""
    assert rig.site.postgres.process
    with rig.connect() as conn:
        conn.execute("TRUNCATE reading")
        for first in range(0, run.first, run.batch):
            _copy_in(conn, rows[first : min(first + run.batch, run.first)])
        rig.settle_log()
        start, begin = cpu.seconds(rig.site.postgres.process.pid), time.monotonic()
        for first in range(0, run.readings, run.batch):
            _copy_in(conn, rows[run.first + first : run.first + first + run.batch])
            if rate:
                time.sleep(max(0.0, begin + first / rate - time.monotonic()))
        return (cpu.seconds(rig.site.postgres.process.pid) - start) / run.readings, time.monotonic() - begin


def _copy_in(conn: psycopg.Connection, rows: Packed) -> None:
    with conn.cursor().copy("COPY reading (ts, device_id, metric, flags, value) FROM STDIN (FORMAT BINARY)") as writer:
        writer.write(copy_document(rows))


def _rows(rig: Rig, count: int) -> Packed:
    """The first `count` readings in the order in which they were stored."""
    query = (
        "COPY (SELECT ts, device_id, metric, flags, value FROM reading ORDER BY tableoid, ctid LIMIT %s)"
        " TO STDOUT (FORMAT BINARY)"
    )
    with rig.connect() as conn, conn.cursor().copy(query, (count,)) as copy:
        found = b"".join(copy)
    sent = np.frombuffer(found, wire(READING).row, count, len(COPY_HEADER))
    rows = np.empty(count, READING)
    for name in READING.names or ():
        rows[name] = sent[name]
    rows["ts"] = from_postgres(rows["ts"])
    return rows
