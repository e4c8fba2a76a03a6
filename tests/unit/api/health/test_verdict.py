"""Health says what keeps alerts from being raised, and is never better than the programs are."""

from datetime import UTC, datetime, timedelta

import pytest

from api.health.verdict import Vitals, judge
from core.model import Beat

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def beat(process, seconds_ago=1.0, **detail):
    return Beat(process, NOW - timedelta(seconds=seconds_ago), {"connected": True, "lag_seconds": 0.1, **detail})


WELL = [beat("engine/0"), beat("ingest/1")]


@pytest.mark.parametrize(
    ("beats", "waits", "status", "codes"),
    [
        (WELL, None, "ok", []),
        (WELL, 5, "ok", []),
        ([], None, "down", ["engine_missing", "ingest_missing"]),
        ([beat("engine/0", 10.1), WELL[1]], 60, "down", ["engine_0_stopped"]),
        ([beat("engine/0", lag_seconds=11), WELL[1]], None, "degraded", ["engine_lagging"]),
        (WELL, 11, "degraded", ["engine_lagging"]),  # a stuck engine does not tell; the table does
        ([WELL[0], beat("ingest/1", 11)], None, "down", ["ingest_1_stopped"]),
        ([*WELL, beat("ingest/2", 11)], None, "degraded", ["ingest_2_stopped"]),
        ([*WELL, beat("ingest/2", connected=False)], None, "degraded", ["ingest_2_disconnected"]),
        ([*WELL, beat("ingest/old", 90_000)], None, "ok", []),
        ([WELL[0], beat("ingest/old", 90_000)], None, "down", ["ingest_missing"]),
    ],
)
def test_health_says_what_keeps_alerts_from_being_raised(beats, waits, status, codes):
    oldest = NOW - timedelta(seconds=waits) if waits else None
    health = judge(Vitals(beats, oldest), 1, NOW)
    assert (health.status, [problem.code for problem in health.problems]) == (status, codes)
    assert all(problem.message_zh and problem.message_en for problem in health.problems)


def test_every_shard_must_be_alive():
    health = judge(Vitals(WELL, None), 2, NOW)
    assert (health.status, health.engine.alive) == ("down", False)
