"""The engine's night: every home's rhythm is learned from what is stored."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
import pytest

from alerts.engine.jobs import learn_baselines
from core.catalogue import metrics
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
