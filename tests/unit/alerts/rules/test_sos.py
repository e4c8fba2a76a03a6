"""Every press of a button is found, late or in a burst, with its home."""

import pytest

from core.model import Severity
from core.packed import Flag
from tests.rule_rig import OneRule


@pytest.mark.parametrize("flags", [0, Flag.LATE, Flag.CLOCK, Flag.RETAINED | Flag.LATE, Flag.URGENT])
def test_a_press_is_an_emergency_however_it_came(flags):
    found = OneRule("sos", "sos_button").say((0, "sos_button", "sos", 1), flags=flags)
    assert (found.home.tolist(), found.severity_of(0)) == ([0], Severity.EMERGENCY)
    assert found.late.tolist() == [bool(flags & Flag.LATE)]


def test_presses_of_two_homes_in_one_batch_are_both_found_and_a_release_is_none():
    rule = OneRule("sos", "sos_button", neighbour=("sos_button",))
    found = rule.say((0, 0, "sos", 1), (0.1, 0, "sos", 0), (0.2, 1, "sos", 1), (0.3, 0, "sos", 1))
    assert found.home.tolist() == [0, 1, 0]
    assert found.evidence(0)["text_zh"].endswith("被按下，请求帮助")


def test_nothing_ends_by_itself_what_a_person_must_answer():
    assert OneRule("sos", "sos_button").rule.clear_after is None
