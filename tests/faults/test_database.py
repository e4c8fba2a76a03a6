"""The database goes away in every way there is; nothing that the broker acknowledged is lost, or stored twice."""

import contextlib
import os
import signal
import subprocess
import time

import psycopg
import pytest

from tests.faults.conftest import a_site
from tests.faults.harness import settle
from tests.ports import a_port
from tests.waiting import eventually


def test_stopped_for_ten_seconds_it_loses_nothing(running):
    time.sleep(2)
    running.site.postgres.stop()
    time.sleep(10)
    running.site.postgres.start()
    settle(running)


@pytest.mark.timeout(240)
def test_a_worker_that_may_hold_little_reads_no_further_and_loses_nothing(root, tmp_path):
    """Its bound is far below the broker's: it does not even read the broker's pings, and loses the connection."""
    with a_site(root, tmp_path, settings={"SHOUWANG_WAITING_MAXIMUM": "100"}) as running:
        time.sleep(1)
        running.site.postgres.stop()
        eventually(lambda: "telemetry-acme: disconnected" in running.ingest.tail(20_000), 40)
        running.site.postgres.start()
        settle(running)


def test_killed_it_recovers_and_loses_nothing(running):
    time.sleep(2)
    kill_all(running.site.postgres.process.pid, signal.SIGKILL)
    running.site.postgres.process.wait()
    time.sleep(1)
    running.site.postgres.start()
    settle(running)


@pytest.mark.timeout(240)
def test_paused_for_a_minute_it_loses_nothing(running):
    time.sleep(1)
    kill_all(running.site.postgres.process.pid, signal.SIGSTOP)
    time.sleep(60)
    kill_all(running.site.postgres.process.pid, signal.SIGCONT)
    settle(running)


def test_read_only_for_a_while_it_loses_nothing(running):
    """As after a failover to a replica that is not promoted yet."""
    time.sleep(1)
    running.sql("ALTER SYSTEM SET default_transaction_read_only = on")
    running.sql("SELECT pg_reload_conf()")
    time.sleep(5)
    with psycopg.connect(running.site.owner_url, autocommit=True) as conn:
        conn.execute("SET default_transaction_read_only = off")
        conn.execute("ALTER SYSTEM RESET default_transaction_read_only")
        conn.execute("SELECT pg_reload_conf()")
    assert "ReadOnlySqlTransaction" in running.ingest.tail(20_000)
    settle(running)


def test_out_of_connections_for_a_while_it_loses_nothing(running):
    time.sleep(1)
    for login in ("ingest", "engine"):
        running.sql(f"ALTER ROLE {login} CONNECTION LIMIT 0")
    running.database.cut()
    time.sleep(5)
    for login in ("ingest", "engine"):
        running.sql(f"ALTER ROLE {login} CONNECTION LIMIT -1")
    settle(running)


@pytest.mark.timeout(240)
def test_a_table_locked_for_thirty_seconds_loses_nothing(running):
    time.sleep(1)
    with psycopg.connect(running.site.owner_url) as conn:
        conn.execute("LOCK TABLE reading IN ACCESS EXCLUSIVE MODE")
        time.sleep(32)  # beyond our own lock_timeout
    settle(running)


def test_moved_to_another_port_as_by_a_failover_it_loses_nothing(running):
    time.sleep(1)
    running.site.postgres.stop()
    running.site.postgres.port = running.database.target = a_port()
    running.site.postgres.start()
    settle(running)


def test_connections_that_hang_are_given_up_and_nothing_is_lost(running):
    time.sleep(1)
    running.database.stalled = True
    time.sleep(5)
    running.database.cut()
    running.database.stalled = False
    settle(running)


@pytest.mark.timeout(240)
def test_a_full_disk_stops_storing_and_loses_nothing(root, tmp_path):
    with a_site(root, tmp_path, disk=400, max_wal_size="64MB") as running:
        time.sleep(1)
        filler = running.site.postgres.home / "filler"
        fill(filler)
        eventually(lambda: "DiskFull" in running.ingest.tail(20_000) or not running.site.postgres.ready(), 60)
        time.sleep(3)
        filler.unlink()
        if running.site.postgres.process.poll() is not None:  # it stops itself when it can't write its log
            running.site.postgres.start()
        settle(running)


def fill(path):
    """Leave no byte free."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(1 << 20)):
            pass


def kill_all(parent, number):
    """Send a signal to a server and its children, the children first."""
    children = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True, check=False).stdout.split()
    for pid in [*map(int, children), parent]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
