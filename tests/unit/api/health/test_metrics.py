"""What Prometheus reads: counts by route and program, and that the database is away instead of nothing."""

from datetime import UTC, datetime, timedelta

from prometheus_client.parser import text_string_to_metric_families

from alerts.engine.latency import Latency
from alerts.selfcheck.links import Link
from api.health.metrics import Figures, Meter
from core.model import Beat

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def samples(meter, figures=None):
    """Every sample by its name and its labels' values, in the order of the labels' names."""
    families = text_string_to_metric_families(meter.text(lambda: figures).decode())
    return {
        (one.name, tuple(value for _, value in sorted(one.labels.items()))): one.value
        for family in families
        for one in family.samples
    }


def figures(*beats, **more):
    return Figures(**{"alerts": {}, "beats": beats, "unjudged": 0, "unjudged_seconds": 0.0, "now": NOW} | more)


def test_when_the_database_is_away_it_says_so_and_still_what_it_knows_itself():
    meter = Meter()
    meter.answered("GET", "/api/v1/alerts/{alert_id}", 200, 0.003)
    found = samples(meter)
    assert found["shouwang_database_up", ()] == 0
    assert found["shouwang_http_requests_total", ("GET", "/api/v1/alerts/{alert_id}", "200")] == 1
    assert not any(name.startswith("shouwang_engine") for name, _ in found)


def test_what_waits_and_what_is_open_is_told():
    found = samples(Meter(), figures(alerts={("emergency", "open"): 2}, unjudged=7, unjudged_seconds=1.5))
    assert found["shouwang_database_up", ()] == 1
    assert found["shouwang_alerts_active", ("emergency", "open")] == 2
    assert (found["shouwang_unjudged_batches", ()], found["shouwang_unjudged_age_seconds", ()]) == (7, 1.5)


def test_each_worker_tells_what_it_took_and_refused():
    told = {"received": 5, "stored": 4, "refused_not_json": 1, "queued": 2, "connected": True}
    found = samples(Meter(), figures(Beat("ingest/1", NOW - timedelta(seconds=3), told), Beat("ingest/2", NOW)))
    assert found["shouwang_ingest_received_total", ("1",)] == 5
    assert found["shouwang_ingest_refused_total", ("not_json", "1")] == 1
    assert [found["shouwang_ingest_connected", (worker,)] for worker in "12"] == [1, 0]
    assert found["shouwang_heartbeat_age_seconds", ("ingest/1",)] == 3


def test_an_engine_tells_its_lag_its_failed_rules_and_how_long_alerts_took():
    latency = Latency()
    latency.add(0.3, 2)
    latency.add(100, 1)
    told = {"lag_seconds": 12, "homes": 114, "tick_ms": 20, "failed_rules": ["gas"], "alert_latency": latency.detail()}
    found = samples(Meter(), figures(Beat("engine/0", NOW, told), Beat("engine/1", NOW)))
    assert (found["shouwang_engine_lag_seconds", ("0",)], found["shouwang_engine_tick_seconds", ("0",)]) == (12, 0.02)
    assert found["shouwang_engine_rule_failed", ("gas", "0")] == 1
    assert found["shouwang_alert_latency_seconds_bucket", ("0.5", "0")] == 2
    assert found["shouwang_alert_latency_seconds_bucket", ("+Inf", "0")] == 3
    assert found["shouwang_alert_latency_seconds_sum", ("0",)] == 100.6


def test_the_self_check_tells_the_link_that_is_broken_and_no_round_trip_it_does_not_have():
    found = samples(Meter(), figures(Beat("canary", NOW, {"broken": "engine", "taken_ours": 1})))
    assert {link: found["shouwang_canary_broken", (link,)] for link in Link} == {
        link: link == "engine" for link in Link
    }
    assert found["shouwang_sessions_taken_total", ("ours",)] == 1
    assert ("shouwang_canary_round_trip_seconds", ()) not in found
