"""Every rule keeps its contract; a new rule is covered by being there."""

import json
import re
from dataclasses import fields
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from alerts.judging.findings import Findings
from alerts.judging.fleet import Fleet
from alerts.judging.params import limits
from alerts.judging.policy import Own, resolved
from alerts.lifecycle.backoff import HOLD_OFF, LONGEST, MOST, Backoff, pause
from alerts.rules import discover, load, rules_of
from core.catalogue import device_types, metric_by_id, metrics
from core.model import Disposition, Severity
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
        results.append(rule.observe(fleet, batch.of(*rule.metrics), rule.over(fleet)))
    if rule.tick is not None:
        results += [rule.tick(fleet, NOW, rule.over(fleet)), rule.tick(fleet, NOW + 1_000_000, rule.over(fleet))]
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
            assert re.search(r"[\u4e00-\u9fff]", shown["text_zh"])
            assert shown["text_en"]
            assert not re.search(r"[\u4e00-\u9fff]", shown["text_en"])
            others = [key for key in shown if key.endswith(("_zh", "_en"))]
            assert {key[:-3] for key in others if key.endswith("_zh")} == {
                key[:-3] for key in others if key.endswith("_en")
            }
            rest = {key: value for key, value in shown.items() if not key.endswith("_zh")}
            assert not re.search(r"[\u4e00-\u9fff]", json.dumps(rest, ensure_ascii=False)), "one language at a time"


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_rule_survives_a_fleet_without_homes(rule):
    fleet = Fleet.build([], [])
    batch = fleet.apply(np.zeros(0, READING), NOW, NOW)
    assert all(len(findings) == 0 for findings in found_by(rule, fleet, batch))


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_what_can_be_set_of_a_rule_is_within_bounds_of_which_a_standards_are_not_passed_and_is_not_changed(rule):
    assert type(rule.params).__dataclass_params__.frozen
    known = limits(rule.params)
    scalar = {one.name for one in fields(rule.params) if isinstance(getattr(rule.params, one.name), int | float)}
    assert scalar == set(known), "every scalar is a limit"
    assert {name for names in getattr(rule.params, "ORDER", ()) for name in names} <= set(known)
    for low, high in (pair for names in getattr(rule.params, "ORDER", ()) for pair in pairwise(names)):
        assert known[low].default <= known[high].default
        movable = known[high].sooner == "higher" or known[low].sooner == "lower"
        assert movable or known[low].most <= known[high].least, "or nothing could be done about a contradiction"
    for one in known.values():
        assert one.zh
        assert one.en
        assert one.sooner
        loosest = one.most if one.sooner == "lower" else one.least
        assert not one.source or one.default == loosest, "what a standard says is only made stricter"


def test_every_rule_reads_what_some_device_says():
    assert {name for kind in device_types().values() for name in rules_of(kind)} == set(discover())
    assert "battery_low" in rules_of(device_types()["gateway"])


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_rule_says_in_both_languages_what_to_do_what_it_sees_its_limits_and_when_it_ends(rule):
    assert rule.title_zh
    assert rule.title_en
    for about, labels in (
        (rule.about_zh, ("怎么办：", "看什么：", "界限：", "何时结束：")),
        (rule.about_en, ("What to do: ", "What it sees: ", "Limits: ", "When it ends: ")),
    ):
        lines = about.split("\n")
        assert len(lines) == len(labels)
        for line, label in zip(lines, labels, strict=True):
            assert line.startswith(label)
            assert len(line) > len(label) + 5
    assert (("自动办结" in rule.about_zh), ("By itself" in rule.about_en)) == (rule.recovers, rule.recovers)
    assert len(rule.about_zh) > 100
    assert not re.search(r"[\u4e00-\u9fff]", rule.about_en)


def test_only_what_can_wait_for_hours_ends_with_its_condition():
    assert {rule.name for rule in RULES if rule.recovers} == {"battery_low", "device_silent"}
    for name in ("sos", "gas"):
        module = SimpleNamespace(**vars(import_module(f"alerts.rules.{name}")) | {"RECOVERS": True})
        with pytest.raises(ImportError, match="RECOVERS"):
            load(module)


def test_nobody_is_told_to_shut_a_valve_from_afar_and_an_alert_has_one_name():
    root = Path(__file__).parents[2]
    suffixes = {".py", ".md", ".vue", ".ts", ".toml", ".sql", ".yml", ".json", ".html"}
    folders = ("alerts", "api", "core", "registry", "ingest", "shouwang", "deploy", "docs", "console/src", "device_sim")
    texts = {
        path: path.read_text(encoding="utf-8")
        for folder in folders
        for path in (root / folder).rglob("*")
        if path.suffix in suffixes and "static" not in path.parts and "node_modules" not in path.parts
    }
    for wrong in ("告" + "警", "远程" + "关阀"):
        assert [path for path, text in texts.items() if wrong in text] == []


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_a_condition_that_is_to_end_by_itself_is_told_to_be_clear_and_a_mere_event_is_not(rule):
    fleet, batch = fleet_with([0.0])
    if found := found_by(rule, fleet, batch):
        assert any(one.clear is not None for one in found) == (rule.clear_after is not None)


@pytest.mark.parametrize("name", ["sos", "fall", "fire", "gas", "co", "no_sign_of_life"])
def test_what_may_never_be_made_quiet_has_no_ladder(name):
    assert discover()[name].backoff is None


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_no_rule_that_starts_from_emergency_can_be_made_quiet(rule):
    module = SimpleNamespace(**vars(import_module(f"alerts.rules.{rule.name}")) | {"BACKOFF": Backoff()})
    if rule.severity is Severity.EMERGENCY or rule.clear_after is None:
        assert rule.backoff is None
        with pytest.raises(ImportError, match="BACKOFF"):
            load(module)
    else:
        assert load(module).backoff == Backoff()


@pytest.mark.parametrize("rule", RULES, ids=IDS)
@pytest.mark.parametrize("disposition", Disposition)
def test_an_emergency_waits_half_an_hour_after_an_answer_and_nothing_waits_for_more_than_a_week(rule, disposition):
    for severity in Severity:
        for answers in range(1, MOST + 1):
            wait = pause(rule.backoff, severity, disposition, answers)
            assert wait <= (HOLD_OFF if severity is Severity.EMERGENCY else LONGEST)
            if rule.backoff is None and disposition is not Disposition.DEVICE_FAULT:
                assert wait == HOLD_OFF or severity.rank >= Severity.MAINTENANCE.rank


def test_ids_of_metrics_are_unique_and_small():
    assert len(metric_by_id()) == len(metrics())
    assert max(metric_by_id()) < 2**15


@pytest.mark.parametrize("rule", [rule for rule in RULES if limits(rule.params)], ids=lambda rule: rule.name)
@pytest.mark.parametrize("seed", range(8))
def test_a_home_with_own_values_is_judged_as_if_all_homes_had_them_and_its_neighbour_as_if_none(rule, seed):
    homes = 60
    own = np.flatnonzero(np.arange(homes) % 2).astype(np.int32)
    chance = np.random.default_rng(seed)
    share = chance.random()
    values = {
        name: one.default + share * ((one.least if one.sooner == "lower" else one.most) - one.default)
        for name, one in limits(rule.params).items()
    }

    def judged(where):
        fleet, batch = alike(homes, seed)
        params = resolved(rule, homes, [Own(name, where, value) for name, value in values.items()]).params
        found, clear = [], np.ones(homes, bool)
        if rule.observe is not None:
            found.append(rule.observe(fleet, batch.of(*rule.metrics), params))
        if rule.tick is not None:
            found.append(rule.tick(fleet, NOW, params))
            clear = found[-1].clear
        told = np.zeros(homes, bool)
        for one in found:
            told[one.home] = True
        return told, clear

    nobody, everybody, some = judged(own[:0]), judged(np.arange(homes, dtype=np.int32)), judged(own)
    for without, all_of_them, mixed in zip(nobody, everybody, some, strict=True):
        assert mixed[own].tolist() == all_of_them[own].tolist()
        assert np.delete(mixed, own).tolist() == np.delete(without, own).tolist()


def alike(homes, seed):
    """A fleet of every kind of device, each metric said thrice within its plausible range over the last day."""
    chance = np.random.default_rng(seed + 100)
    devices = [
        (number * 1000 + home, home + 1, code) for number, code in enumerate(device_types(), 1) for home in range(homes)
    ]
    fleet = Fleet.build(list(range(1, homes + 1)), devices)
    rows = []
    for device, _, code in devices:
        for metric in device_types()[code].metrics.values():
            for _ in range(3):
                high = min(metric.high, 300)
                value = chance.uniform(max(metric.low, 0), high) if metric.high > 1 else float(chance.integers(2))
                rows.append((NOW - int(chance.exponential(2 * 3_600_000_000)), device, metric.id, 0, value))
    return fleet, fleet.apply(np.array(rows, READING), NOW, NOW)
