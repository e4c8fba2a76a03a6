"""Units, plausible ranges and clocks: a value means what the catalogue says, or says why it does not."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.catalogue import Kind, metrics
from core.clock import micros
from core.model import Note
from core.packed import Flag
from core.settings import Settings
from ingest.formats import FormatError
from ingest.normalise import CONVERSIONS, Clock, in_unit, plausible

RECEIVED = 1_764_000_000_000_000
SETTINGS = Settings(database_url="postgresql://")
AHEAD, BEHIND, LATE = map(micros, (SETTINGS.clock_ahead, SETTINGS.clock_behind, SETTINGS.late_after))


@pytest.mark.parametrize(
    ("name", "value", "unit", "meant"),
    [
        ("temperature", 293.15, "K", 20), ("temperature", 20, "Cel", 20), ("temperature", 20, "°C", 20),
        ("temperature", 20, None, 20), ("humidity", 0.4, "/", 40), ("heart_rate", 1.2, "1/s", 72),
        ("heart_rate", 72, "beat/min", 72), ("systolic", 16, "kPa", 120.0099), ("systolic", 16_000, "Pa", 120.0099),
        ("blood_glucose", 100, "mg/dL", 5.55), ("leakage_current", 0.03, "A", 30),
    ],
)  # fmt: skip
def test_a_unit_that_is_known_is_converted(name, value, unit, meant):
    assert in_unit(value, unit, metrics()[name]) == pytest.approx(meant, rel=1e-4)


@pytest.mark.parametrize(
    ("name", "unit"), [("temperature", "°F"), ("temperature", "%"), ("sos", "Cel"), ("co", "mg/m3")]
)
def test_a_unit_that_is_not_is_refused_and_never_taken_for_ours(name, unit):
    with pytest.raises(FormatError, match=name) as refused:
        in_unit(1, unit, metrics()[name])
    assert refused.value.code == "unknown_unit"


def test_every_conversion_leads_to_a_unit_that_something_is_measured_in():
    assert {ours for _, ours in CONVERSIONS} <= {metric.unit for metric in metrics().values()}


@pytest.mark.parametrize("metric", metrics().values(), ids=list(metrics()))
def test_both_ends_of_a_range_are_plausible_and_what_lies_beyond_is_not(metric):
    beyond = max(1.0, metric.high - metric.low)
    assert plausible(metric.low, metric) is plausible(metric.high, metric) is None
    assert metric.name in (plausible(metric.high + beyond, metric) or "")
    assert metric.name in (plausible(metric.low - beyond, metric) or "")
    assert plausible(float("nan"), metric)
    if metric.kind in (Kind.BINARY, Kind.EVENT):
        assert plausible((metric.low + metric.high) / 2, metric)


@pytest.mark.parametrize(
    ("ago", "flags", "believed"),
    [
        (0, 0, True), (LATE, 0, True), (LATE + 1, Flag.LATE, True), (BEHIND, Flag.LATE, True),
        (BEHIND + 1, Flag.CLOCK, False), (-AHEAD, 0, True), (-AHEAD - 1, Flag.CLOCK, False),
    ],
)  # fmt: skip
def test_a_devices_time_is_believed_within_bounds_and_flagged_beyond(ago, flags, believed):
    assert Clock(SETTINGS).judge(RECEIVED - ago, RECEIVED) == (RECEIVED - ago if believed else RECEIVED, flags)


def test_who_says_no_time_means_now():
    assert Clock(SETTINGS).judge(None, RECEIVED) == (RECEIVED, 0)


@given(st.integers(-(2**62), 2**62))
def test_whatever_a_clock_says_what_is_stored_lies_within_the_bounds(ts):
    stored, flags = Clock(SETTINGS).judge(ts, RECEIVED)
    assert RECEIVED - BEHIND <= stored <= RECEIVED + AHEAD
    assert flags in (0, Flag.LATE, Flag.CLOCK)


@pytest.mark.parametrize(
    ("ts", "note"),
    [
        (RECEIVED // 1000, Note.CLOCK_SECONDS),  # seconds where milliseconds were meant
        (RECEIVED + 2 * AHEAD, Note.CLOCK_AHEAD), (RECEIVED - 2 * BEHIND, Note.CLOCK_BEHIND), (0, Note.CLOCK_BEHIND),
    ],
)  # fmt: skip
def test_a_vendor_is_told_what_is_wrong_with_a_clock(ts, note):
    assert Clock(SETTINGS).doubt(ts, RECEIVED) is note
    assert timedelta() < SETTINGS.late_after
