"""A fall that a radar is sure of is an emergency, one that it suspects is urgent, and both are found late too."""

import pytest

from core.model import Severity
from core.packed import Flag
from tests.rule_rig import OneRule


@pytest.mark.parametrize(("metric", "severity"), [("fall", Severity.EMERGENCY), ("fall_suspected", Severity.URGENT)])
@pytest.mark.parametrize("flags", [0, Flag.LATE])
def test_a_fall_is_found_also_after_an_outage(metric, severity, flags):
    found = OneRule("fall", "fall_radar").say((0, "fall_radar", metric, 1), flags=flags)
    assert (found.severity_of(0), found.late.tolist()) == (severity, [bool(flags)])
    assert found.evidence(0)["metric"] == metric


def test_no_fall_is_none():
    assert len(OneRule("fall", "fall_radar").say((0, "fall_radar", "fall", 0))) == 0
