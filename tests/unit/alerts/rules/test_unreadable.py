"""A cry for help that nobody could read is raised in its home, whatever device it came from."""

import pytest

from core.catalogue import device_types
from core.model import Severity
from core.packed import Flag
from tests.rule_rig import OneRule


@pytest.mark.parametrize("code", list(device_types()))
def test_a_device_of_any_type_may_cry_unreadably(code):
    found = OneRule("unreadable", code).say((0, code, "unreadable", 1), flags=Flag.URGENT)
    assert (found.home.tolist(), found.severity_of(0)) == ([0], Severity.EMERGENCY)
    assert "check at once" in found.evidence(0)["text_en"]
