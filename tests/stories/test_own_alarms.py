"""What a device judges by itself is told without invented numbers, and a test flag beside it is shown, never obeyed."""

import numpy as np
import pytest

from alerts.judging.fleet import Fleet
from alerts.judging.judge import Judge
from alerts.rules import discover
from core.catalogue import metrics
from core.model import Severity
from core.packed import READING
from core.rooms import Room
from tests.stories.story import MINUTE, MORNING, Story

SECOND = 1_000_000


@pytest.mark.parametrize(
    ("device", "said", "zh", "en"),
    [
        ("gas_detector", "gas_alarm", "可燃气体探测器报警：可燃气体泄漏", "The Combustible gas detector sounds"),
        ("co_detector", "co_alarm", "一氧化碳探测器报警：一氧化碳", "The Carbon monoxide detector sounds"),
        ("fall_radar", "fall_suspected", "跌倒检测雷达疑似有人跌倒，请核实", "The Fall radar suspects a fall"),
        ("door_contact", "battery_low", "门磁报告电量低", "The Door contact says that its battery is low"),
    ],
)
def test_a_devices_own_alarm_is_told_without_a_number(device, said, zh, en):
    [told, *_] = Story().at(1, device, **{said: 1}).until(2).told
    assert told["text_zh"] == zh
    assert told["text_en"].startswith(en)
    assert not any(character.isdigit() for character in told["text_zh"] + told["text_en"])
    assert (told["metric"], told["unit"], "limit" in told) == (said, "", False)


def test_a_suspected_fall_is_urgent_and_one_that_is_sure_makes_it_an_emergency():
    story = Story().at(1, "fall_radar", fall_suspected=1).at(3, "fall_radar", fall=1).until(4)
    assert story.raised == [(1, "fall", Severity.URGENT), (3, "fall", Severity.EMERGENCY)]


@pytest.mark.parametrize(
    ("rule", "device", "level", "alarm"),
    [("gas", "gas_detector", "gas", "gas_alarm"), ("co", "co_detector", "co", "co_alarm")],
)
def test_the_air_is_clear_when_neither_the_level_nor_the_detectors_own_alarm_says_otherwise(rule, device, level, alarm):
    def clear(**said):
        story = Story().at(1, device, **said).until(2)
        judged = discover()[rule]
        return bool(judged.tick(story.fleet, story.begin + 2 * MINUTE, judged.over(story.fleet)).clear[0])

    assert not clear(**{level: 0, alarm: 1})
    assert not clear(**{level: 60, alarm: 0})
    assert clear(**{level: 0, alarm: 0})


def test_a_level_and_the_detectors_own_alarm_in_one_message_are_both_told():
    story = Story().at(1, "gas_detector", gas=12, gas_alarm=1).until(1)
    assert {told["metric"] for told in story.told} == {"gas", "gas_alarm"}


def test_a_battery_that_says_how_low_it_is_is_shown_before_one_that_only_says_so():
    story = Story().at(1, "door_contact", battery_low=1).at(1, "smoke_detector", battery=12).until(1)
    assert [told["metric"] for told in story.told] == ["battery"]


# -- a test flag


class Bench:
    """One home under the judge; `say` tells (second, device type, metric, value) in one batch."""

    TYPES = ("smoke_detector", "gas_detector", "water_leak_sensor", "sos_button")

    def __init__(self):
        self.fleet = Fleet.build([1], [(number, 1, code) for number, code in enumerate(self.TYPES, start=1)])
        self.judge = Judge.new(self.fleet, discover())

    def say(self, *said):
        rows = [
            (MORNING + int(second * SECOND), self.TYPES.index(code) + 1, metrics()[metric].id, 0, value)
            for second, code, metric, value in said
        ]
        raised = self.judge.observe(self.fleet.apply(np.array(rows, READING), MORNING, MORNING))
        return {one.rule: one.evidence for one in raised}


def test_a_test_flag_alone_never_alarms():
    bench = Bench()
    assert bench.say((0, "smoke_detector", "test", 1)) == {}
    assert {one.rule for one in bench.judge.tick(MORNING + SECOND)[0]} <= {
        "device_silent"
    }  # the others have never spoken


@pytest.mark.parametrize("apart", [0, 59, -59])
def test_an_alarm_beside_a_test_flag_is_raised_and_says_so_in_both_languages(apart):
    found = Bench().say((0, "smoke_detector", "test", 1), (apart, "smoke_detector", "smoke", 1))["fire"]
    assert found["test"] is True
    assert found["text_zh"] == "烟雾探测器报警：可能着火；该设备同时报告正在测试（测试？）"
    assert found["text_en"].endswith("that it is being tested (test?)")


@pytest.mark.parametrize(
    "said",
    [
        [(0, "smoke_detector", "test", 1), (61, "smoke_detector", "smoke", 1)],  # too long ago
        [(0, "smoke_detector", "test", 0), (0, "smoke_detector", "smoke", 1)],  # not in test
        [(0, "gas_detector", "test", 1), (0, "smoke_detector", "smoke", 1)],  # another device is
        [(0, "smoke_detector", "test", 1), (5, "smoke_detector", "test", 0), (6, "smoke_detector", "smoke", 1)],
    ],
)
def test_an_alarm_that_is_not_beside_its_own_devices_test_flag_is_not_marked(said):
    assert "test" not in Bench().say(*said)["fire"]


def test_a_device_that_has_said_it_is_in_test_for_an_hour_is_marked_all_that_time():
    bench = Bench()
    bench.say((0, "smoke_detector", "test", 1), (3600, "smoke_detector", "test", 1))
    assert bench.say((1800, "smoke_detector", "smoke", 1))["fire"]["test"]


def test_of_one_batch_the_finding_that_is_no_test_is_shown():
    found = Bench().say(
        (0, "smoke_detector", "test", 1), (0, "smoke_detector", "smoke", 1), (90, "smoke_detector", "smoke", 1)
    )["fire"]
    assert "test" not in found


def test_nothing_that_calls_nobody_is_marked():
    bench = Bench()
    bench.say((0, "smoke_detector", "test", 1), (0, "smoke_detector", "battery", 5))
    [raised] = [one for one in bench.judge.tick(MORNING + SECOND)[0] if one.rule == "battery_low"]
    assert "test" not in raised.evidence


# -- rooms


def test_a_rule_can_ask_in_which_room_a_device_hangs():
    fleet = Fleet.build([1], [(1, 1, "motion_sensor"), (2, 1, "motion_sensor")], rooms={2: Room.BATHROOM})
    motion = fleet.column("motion")
    assert motion.in_room(Room.BATHROOM).tolist() == [False, True]
    assert motion.in_room(Room.BATHROOM, Room.UNKNOWN).tolist() == [True, True]
