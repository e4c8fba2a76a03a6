"""What Prometheus gets, and that the ready-made rules and dashboard ask for nothing else."""

import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.api_service import serving

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = yaml.safe_load((DEPLOY / "prometheus/rules.yml").read_text(encoding="utf-8"))
BOARD = json.loads((DEPLOY / "grafana/shouwang.json").read_text(encoding="utf-8"))
BEATS = {
    "ingest/1": {"connected": True, "received": 7, "stored": 21, "duplicate": 2, "refused_not_json": 3, "queued": 5},
    "engine/0": {
        "lag_seconds": 0.5, "tick_ms": 12.5, "homes": 114, "failed_rules": ["fire"], "failed_jobs": ["learn"],
        "alert_latency": {"bounds": [0.01, 0.1], "counts": [4, 1, 0], "sum": 0.09},
    },
    "canary": {"round_trip_seconds": 0.03, "broken": "engine", "taken_ours": 2, "taken_others": 40},
}  # fmt: skip


@pytest.fixture
def samples(database):
    """Every sample by name and labels, of a site whose programs have said the above."""
    with serving(database) as service:
        service.raise_alert()
        for process, detail in BEATS.items():
            service.sql("INSERT INTO heartbeat VALUES (%s, now(), %s)", process, json.dumps(detail))
        service.login("op1").get("/api/v1/me")
        text = service.metrics()
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_every_stage_of_the_chain_has_its_figure(samples):
    worker, shard = ("worker", "1"), ("shard", "0")
    expected = {
        ("shouwang_ingest_received_total", worker): 7,
        ("shouwang_ingest_stored_total", worker): 21,
        ("shouwang_ingest_duplicate_total", worker): 2,
        ("shouwang_ingest_refused_total", ("reason", "not_json"), worker): 3,
        ("shouwang_ingest_queued", worker): 5,
        ("shouwang_ingest_connected", worker): 1,
        ("shouwang_engine_tick_seconds", shard): 0.0125,
        ("shouwang_engine_lag_seconds", shard): 0.5,
        ("shouwang_engine_rule_failed", ("rule", "fire"), shard): 1,
        ("shouwang_nightly_job_failed", ("job", "learn"), ("process", "engine/0")): 1,
        ("shouwang_alert_latency_seconds_bucket", ("le", "0.1"), shard): 5,
        ("shouwang_alert_latency_seconds_count", shard): 5,
        ("shouwang_alert_latency_seconds_sum", shard): 0.09,
        ("shouwang_canary_round_trip_seconds",): 0.03,
        ("shouwang_canary_broken", ("link", "engine")): 1,
        ("shouwang_canary_broken", ("link", "broker")): 0,
        ("shouwang_sessions_taken_total", ("whose", "ours")): 2,
        ("shouwang_sessions_taken_total", ("whose", "others")): 40,
        ("shouwang_unjudged_age_seconds",): 0,
    }
    assert {key: samples.get(key) for key in expected} == expected


def test_the_rules_and_the_dashboard_ask_only_for_what_there_is(samples):
    expressions = [rule["expr"] for group in RULES["groups"] for rule in group["rules"]]
    expressions += [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]
    asked = {name for text in expressions for name in re.findall(r"shouwang_\w+", text)}
    assert asked <= {name for name, *_ in samples}


@pytest.mark.parametrize(
    "rule", [rule for group in RULES["groups"] for rule in group["rules"]], ids=lambda r: r["alert"]
)
def test_every_rule_says_how_bad_it_is_and_what_it_means(rule):
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert "/" in rule["annotations"]["summary"], "in Chinese and English"
