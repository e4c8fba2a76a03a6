"""Every device type keeps its contract; a new one is covered by being there."""

from dataclasses import replace
from types import MappingProxyType

import pytest

from alerts.rules import rules_of
from core import catalogue
from core.catalogue import CatalogueError, DeviceType, device_types, metrics
from device_sim.fleet import VENDORS
from device_sim.signals import SIGNALS
from ingest.formats import discover

TYPES = list(device_types().values())
IDS = [kind.code for kind in TYPES]
VENDOR = {vendor.code: vendor for vendor in VENDORS}


@pytest.mark.parametrize("kind", TYPES, ids=IDS)
def test_a_device_type_says_what_it_is_in_both_languages_and_when_its_silence_counts(kind):
    assert kind.zh
    assert kind.en.isascii()
    assert kind.metrics
    assert kind.silent_after >= kind.cadence
    assert kind.format is None or kind.format in discover()


@pytest.mark.parametrize("kind", TYPES, ids=IDS)
def test_a_device_types_silence_is_noticed(kind):
    assert "device_silent" in rules_of(kind)


@pytest.mark.parametrize("kind", [kind for kind in TYPES if kind.simulated], ids=lambda kind: kind.code)
def test_a_simulated_device_type_says_what_it_measures(kind):
    simulated = kind.simulated
    assert simulated.signal in SIGNALS
    assert simulated.vendor in VENDOR
    assert 0 < simulated.share <= 1
    assert {*simulated.quiet, *simulated.levels} <= set(kind.metrics)
    assert (simulated.signal == "steady") == bool(simulated.quiet or simulated.levels)


def with_files(monkeypatch, **documents):
    """The catalogue as if these device types were there beside the others."""
    monkeypatch.setattr(catalogue, "_type_files", lambda: MappingProxyType(documents))
    return catalogue.metrics.__wrapped__()


ENTRY = {"zh": "试验", "en": "Trial", "kind": "level", "unit": "V", "range": [0, 5]}


def test_a_device_type_may_bring_a_metric_of_its_own(monkeypatch):
    found = with_files(monkeypatch, trial={"metrics": {"trial_voltage": ENTRY | {"id": 9999}, "battery": {}}})
    assert (found["trial_voltage"].id, found["trial_voltage"].high) == (9999, 5)


@pytest.mark.parametrize(
    ("name", "entry", "reason"),
    [
        ("trial_voltage", ENTRY | {"id": 1}, "id 1, which sos has too; .* is free"),
        ("battery", ENTRY | {"id": 9999}, "battery is defined twice"),
        ("trial_voltage", {"id": 9999}, "'zh' is missing"),
    ],
)
def test_a_metric_that_is_taken_or_incomplete_stops_the_start(monkeypatch, name, entry, reason):
    with pytest.raises(CatalogueError, match=reason):
        with_files(monkeypatch, trial={"metrics": {name: entry}})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"simulator": {"signal": "steady", "vendor": "anju", "room": "attic"}}, "attic"),
        ({"simulator": {"vendor": "anju"}}, "signal"),
        ({"silent_after": "soon"}, "soon"),
        ({"metrics": {"nonsense": {}}}, "nonsense"),
        ({"metrics": {"battery": {"range": [-1, 100]}}}, "wider"),
    ],
)
def test_a_wrong_entry_says_which_file_is_to_be_mended(change, reason):
    right = {"zh": "试验", "en": "Trial", "cadence": 60, "silent_after": "1h", "metrics": {"battery": {}}}
    assert DeviceType.parse("trial", right, metrics()).code == "trial"
    with pytest.raises(CatalogueError, match=rf"device_types/trial.toml: .*{reason}"):
        DeviceType.parse("trial", right | change, metrics())


def test_a_narrower_range_is_the_types_own():
    kind = device_types()["bed_sensor"]
    assert replace(kind.metrics["heart_rate"], low=20, high=250) == metrics()["heart_rate"]
