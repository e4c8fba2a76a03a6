"""The engine's state is a cache of the database: a restart knows what was known."""

from datetime import timedelta

import numpy as np
import psycopg
import pytest

from alerts.judging.findings import Findings
from alerts.judging.fleet import Fleet
from core.catalogue import metrics
from tests.engine_rig import COLD, MINUTE, NOW, Rule, judge_all, kinds, us, watching


@pytest.mark.parametrize("written", [False, True])
def test_a_restart_knows_every_value_whether_or_not_latest_was_written(settings, inbox, look, written):
    with watching(settings, COLD) as watch:
        inbox(0, "climate_sensor", "temperature", (NOW - 5 * MINUTE, 20), (NOW, 9))
        inbox(0, "sos_button", "sos", (NOW - MINUTE, 1))
        judge_all(watch, NOW)
        watch.tick(NOW)
        if written:
            watch.write_all_latest()
            assert look("SELECT count(*) FROM latest") == [(2,)]
            assert look("SELECT at FROM life") == [(NOW - MINUTE,)]
            assert look("SELECT count(*) FROM batch WHERE step IS NOT NULL") == [(0,)]
        before = watch.judge.fleet
    with watching(settings, COLD) as watch:
        after = watch.judge.fleet
        for name in ("ts", "value", "since", "seen"):
            for metric in ("temperature", "sos"):
                one, other = getattr(before.column(metric), name), getattr(after.column(metric), name)
                np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(before.last_life, after.last_life)
        np.testing.assert_array_equal(before.last_seen, after.last_seen)
        watch.tick(NOW + MINUTE)
    assert kinds(look) == ["opened"], "a restart raises nothing again"


def test_history_that_was_loaded_in_bulk_is_known_at_the_first_start(settings, database, registry, look):
    device = registry.device(0, "climate_sensor")[0]
    with psycopg.connect(database.url("ingest")) as conn:
        for hours, value in ((3, 20), (2, 21)):
            conn.execute(
                "INSERT INTO reading (ts, device_id, metric, value) VALUES (%s, %s, %s, %s)",
                (NOW - timedelta(hours=hours), device, metrics()["temperature"].id, value),
            )
    with watching(settings, COLD) as watch:
        column = watch.judge.fleet.column("temperature")
        assert column.ts.max() == us(NOW - timedelta(hours=2))
        watch.write_all_latest()
    assert look("SELECT value FROM latest") == [(21.0,)]


def test_absence_is_judged_only_up_to_what_has_been_read(settings, inbox):
    asked: list[int] = []

    def ask(fleet: Fleet, now: int, params: None) -> Findings:
        asked.append(now)
        return Findings.none()

    inbox(0, "climate_sensor", "temperature", (NOW - 60 * MINUTE, 20))
    with watching(settings, Rule("ask", (), tick=ask)) as watch:
        watch.tick(NOW)
        judge_all(watch, NOW)
        watch.tick(NOW)
    assert asked == [us(NOW - 60 * MINUTE), us(NOW)]
