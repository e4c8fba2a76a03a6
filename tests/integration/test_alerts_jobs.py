"""The night's work: every home's rhythm is learned from what is stored, and old readings go."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
import pytest

from alerts.engine.jobs import learn_baselines, nightly
from core.catalogue import metrics
from core.settings import Settings
from tests.registry import seed

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 1, 19, 30, tzinfo=UTC)  # 03:30 the next morning in Shanghai


@pytest.fixture
def registry(database):
    return seed(database.owner, homes=2, types=("motion_sensor", "water_meter"))


@pytest.fixture
def history(database, registry):
    """Three weeks in which the first home moves every 20 minutes from 6 to 22 local; the second has one quiet day."""
    metric, device = metrics()["motion"].id, registry.device(0, "motion_sensor")[0]
    begin = NOW - timedelta(days=21)
    with psycopg.connect(database.url("ingest")) as conn, conn.cursor() as cursor:
        with cursor.copy("COPY reading (ts, device_id, metric, value) FROM STDIN") as copy:
            for minute in range(0, 21 * 24 * 60, 20):
                moment = begin + timedelta(minutes=minute)
                awake = 6 <= moment.astimezone(ZONE).hour < 22
                copy.write_row((moment, device, metric, float(awake)))
        cursor.execute(
            "INSERT INTO reading (ts, device_id, metric, value) VALUES (%s, %s, %s, 1)",
            (NOW - timedelta(days=1), registry.device(1, "motion_sensor")[0], metric),
        )


def test_a_home_with_habits_gets_a_rhythm_and_one_without_does_not(database, registry, history):
    with psycopg.connect(database.url("engine")) as conn:
        assert learn_baselines(conn, ZONE, NOW) == 1
        assert learn_baselines(conn, ZONE, NOW) == 1, "learning again replaces what was learned"
        rows = conn.execute("SELECT home_id, hour, gap_seconds FROM baseline ORDER BY hour").fetchall()
    assert [row[:2] for row in rows] == [(registry.homes[0], hour) for hour in range(24)]
    gap = np.array([row[2] for row in rows])
    assert gap[12] == pytest.approx(20 * 60)
    assert gap[5] > 7 * 3600, "the night is long and usual"


def test_the_night_has_its_jobs_and_ends_with_the_context(database):
    settings = Settings(database_url=database.url("engine"))
    with nightly(settings) as scheduler, psycopg.connect(database.url("engine"), autocommit=True) as conn:
        conn.execute("LISTEN baseline")
        learn, retention = scheduler.get_job("learn"), scheduler.get_job("retention")
        assert learn.next_run_time.astimezone(ZONE).strftime("%H:%M") == "03:30"
        learn.modify(next_run_time=datetime.now(UTC))
        retention.modify(next_run_time=datetime.now(UTC))
        assert [notice.channel for notice in conn.notifies(timeout=10, stop_after=1)] == ["baseline"]


def test_readings_past_their_keep_are_dropped(database, registry, history):
    old = "SELECT count(*) FROM reading WHERE ts < now() - interval '400 days'"
    with psycopg.connect(database.owner, autocommit=True) as conn:
        conn.execute(
            "INSERT INTO reading (ts, device_id, metric, value)"
            " VALUES (now() - interval '500 days', 1, 1, 1), (now(), 1, 1, 1)"
        )
        assert conn.execute(old).fetchone() == (1,)
        with nightly(Settings(database_url=database.url("engine"))) as scheduler:
            retention = scheduler.get_job("retention")
            retention.func(*retention.args)
        assert conn.execute(old).fetchone() == (0,)
        assert conn.execute("SELECT count(*) FROM reading WHERE ts > now() - interval '1 day'").fetchone() == (1,)


def test_old_refusals_ended_sessions_and_forgotten_programs_are_deleted_and_nothing_else(database, registry):
    with psycopg.connect(database.owner, autocommit=True) as conn:
        conn.execute(
            "INSERT INTO dead_letter (received_at, topic, payload, code, reason, digest, last_at)"
            " SELECT now(), 't', '', 'not_json', 'r', n::text::bytea, now() - n * interval '60 days'"
            " FROM generate_series(0, 3) n"
        )
        conn.execute(
            "INSERT INTO session (token_hash, account_id, expires_at) SELECT n::text::bytea, account.id,"
            " now() + n * interval '1 hour' FROM generate_series(-1, 1, 2) n, account WHERE username = 'op1'"
        )
        conn.execute("INSERT INTO heartbeat VALUES ('ingest/9', now() - interval '8 days'), ('ingest/1', now())")
        with nightly(Settings(database_url=database.url("engine"))) as scheduler:
            retention = scheduler.get_job("retention")
            retention.func(*retention.args)
        left = [conn.execute(f"SELECT count(*) FROM {table}").fetchone() for table in ("dead_letter", "session")]
        assert left == [(2,), (1,)]
        assert conn.execute("SELECT process FROM heartbeat").fetchall() == [("ingest/1",)]
