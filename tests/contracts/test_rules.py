"""Every rule keeps its contract; a new rule is covered by being there."""

import json
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter

from alerts.findings import Findings
from alerts.fleet import Fleet
from alerts.rules import discover
from core.catalogue import EVERY_DEVICE, device_types, metric_by_id, metrics
from core.packed import READING

NOW = 1_764_000_000_000_000
RULES = list(discover().values())
IDS = [rule.name for rule in RULES]


def fleet_with(values, homes=3):
    """Every device type in every home, each metric saying `values` one minute apart."""
    types = list(device_types())
    devices = [(home * 100 + number, home, code) for home in range(1, homes + 1) for number, code in enumerate(types)]
    fleet = Fleet.build(list(range(1, homes + 1)), devices)
    rows = [
        (NOW - 60_000_000 * (len(values) - step), device, metric.id, 0, value)
        for step, value in enumerate(values)
        for device, _, code in devices
        for metric in device_types()[code].metrics.values()
    ]
    batch = fleet.apply(np.array(rows, READING), NOW, NOW)
    return fleet, batch


def found_by(rule, fleet, batch):
    results = []
    if rule.observe is not None:
        results.append(rule.observe(fleet, batch.of(*rule.metrics), rule.params))
    if rule.tick is not None:
        results += [rule.tick(fleet, NOW, rule.params), rule.tick(fleet, NOW + 1_000_000, rule.params)]
    return results


@pytest.mark.parametrize("rule", RULES, ids=IDS)
@pytest.mark.parametrize("values", [[], [0.0], [1.0], [50.0] * 5, [np.nan] * 3, [0.0, 1.0, 0.0]], ids=str)
def test_a_rule_survives_constant_empty_single_and_nan_windows(rule, values):
    fleet, batch = fleet_with(values)
    for findings in found_by(rule, fleet, batch):
        assert isinstance(findings, Findings)
        assert len(findings) == len(findings.at) == len(findings.device) == len(findings.late)
        assert findings.clear is None or findings.clear.shape == (3,)
        for position in range(len(findings)):
            shown = findings.evidence(position)
            assert json.dumps(shown)
            assert shown["text_zh"]
            assert shown["text_en"]


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_rule_survives_a_fleet_without_homes(rule):
    fleet = Fleet.build([], [])
    batch = fleet.apply(np.zeros(0, READING), NOW, NOW)
    assert all(len(findings) == 0 for findings in found_by(rule, fleet, batch))


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_rules_parameters_have_a_schema_and_cannot_be_changed(rule):
    assert TypeAdapter(type(rule.params)).json_schema()["type"] == "object"
    assert type(rule.params).__dataclass_params__.frozen


def test_every_rule_that_a_device_type_names_exists_and_every_rule_is_named():
    named = {name for kind in device_types().values() for name in kind.rules}
    of_every_device = {rule.name for rule in RULES if rule.metrics and set(rule.metrics) <= set(EVERY_DEVICE)}
    assert named | of_every_device == set(discover())


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_every_rule_is_documented_in_the_operators_words(rule):
    assert f"`{rule.name}`" in (Path(__file__).parents[2] / "docs/rules.md").read_text(encoding="utf-8")
    assert rule.title_zh
    assert rule.title_en


def test_ids_of_metrics_are_unique_and_small():
    assert len(metric_by_id()) == len(metrics())
    assert max(metric_by_id()) < 2**15
