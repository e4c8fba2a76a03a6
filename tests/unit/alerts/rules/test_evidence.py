"""What rules that judge what lasts show to operators: the device, since when, and the figure behind it."""

from core.clock import MINUTE
from core.model import Severity
from tests.rule_rig import MORNING, OneRule


def shown(rule, minute):
    found = rule.tick(minute)
    assert len(found) == 1
    return found.evidence(0), found.severity_of(0)


def test_a_battery_is_shown_with_its_level_and_a_flag_without_an_invented_one():
    rule = OneRule("battery_low", "motion_sensor")
    rule.say((0, 0, "battery", 12))
    assert shown(rule, 1)[0]["value"] == 12
    flag = OneRule("battery_low", "door_contact")
    flag.say((0, 0, "battery_low", 1))
    told, severity = shown(flag, 1)
    assert (told["metric"], "limit" in told, severity) == ("battery_low", False, Severity.MAINTENANCE)


def test_a_door_is_shown_since_when_it_stands_open():
    rule = OneRule("door_open", "door_contact")
    rule.say((0, 0, "door_open", 0), (5, 0, "door_open", 1))
    told, _ = shown(rule, 40)
    assert told["since"] == "2026-03-02T01:05:00+00:00"
    assert "35" in told["text_zh"]
    assert "35 min" in told["text_en"]


def test_a_silent_home_is_shown_with_its_last_sign_of_life():
    rule = OneRule("no_sign_of_life", "motion_sensor", "gateway")
    rule.fleet.baseline[:] = 2 * 3600
    rule.say((0, 0, "motion", 1))
    rule.say((200, 0, "motion", 0), (200, 1, "mains", 1))
    told, severity = shown(rule, 201)
    assert (told["since"], severity) == ("2026-03-02T01:00:00+00:00", Severity.URGENT)
    assert told["text_en"]


def test_one_who_left_and_is_not_back_is_shown_since_when():
    rule = OneRule("not_back", "door_contact")
    rule.say((0, 0, "door_open", 0), (5, 0, "door_open", 1), (6, 0, "door_open", 0))
    rule.fleet.last_seen[:] = MORNING + 750 * MINUTE
    told, _ = shown(rule, 756)
    assert told["since"] == "2026-03-02T01:06:00+00:00"
    assert told["text_zh"]
