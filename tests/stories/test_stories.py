"""Stories in simulated time: what is said in a home, and when the rules speak up. No database, no clock."""

from datetime import UTC, datetime

import numpy as np
import pytest

from alerts.judging.fleet import Fleet
from alerts.rules import discover
from core.catalogue import device_types, metrics
from core.packed import READING, Flag

MINUTE = 60_000_000
MORNING = int(datetime(2026, 3, 2, 1, 0, tzinfo=UTC).timestamp() * 1e6)  # 09:00 in Shanghai
NIGHT = int(datetime(2026, 3, 2, 16, 0, tzinfo=UTC).timestamp() * 1e6)  # midnight there
TYPES = tuple(code for code, kind in device_types().items() if kind.simulated)


class Story:
    """One home; `at(minute, type, …)` says something there.

    `raised` lists (minute, rule, severity) in order, `told` the evidence of each.
    """

    def __init__(self, begin=MORNING):
        self.begin = begin
        self.fleet = Fleet.build([1], [(number, 1, code) for number, code in enumerate(TYPES)], installed_at=begin)
        self.said = []
        self.raised = []
        self.told = []

    def at(self, minute, type_code, flags=0, **values):
        self.said += [(minute, TYPES.index(type_code), metrics()[m].id, flags, v) for m, v in values.items()]
        return self

    def every(self, minutes, begin, end, type_code, **values):
        for minute in range(begin, end, minutes):
            self.at(minute, type_code, **values)
        return self

    def until(self, last):
        for minute in range(last + 1):
            now = self.begin + minute * MINUTE
            rows = [(now, *said[1:]) for said in self.said if said[0] == minute]
            batch = self.fleet.apply(np.array(rows, READING), now, now)
            for rule in discover().values():
                mine = batch.of(*rule.metrics)
                found = [rule.observe(self.fleet, mine, rule.over(self.fleet))] if rule.observe and len(mine) else []
                found += [rule.tick(self.fleet, now, rule.over(self.fleet))] if rule.tick else []
                for findings in found:
                    self.raised += [(minute, rule.name, findings.severity_of(k)) for k in range(len(findings))]
                    self.told += [findings.evidence(k) for k in range(len(findings))]
        return self

    def first(self, rule):
        return next((minute for minute, name, _ in self.raised if name == rule), None)


def between(low, high):
    return pytest.approx((low + high) / 2, abs=(high - low) / 2)


def test_an_sos_speaks_at_once():
    assert Story().at(3, "sos_button", sos=1).until(5).first("sos") == 3


def test_a_fall_that_arrives_late_is_still_raised_and_marked():
    story = Story().at(3, "fall_radar", Flag.LATE, fall=1)
    assert story.until(5).first("fall") == 3


@pytest.mark.parametrize(("ppm", "earliest", "latest"), [(35, 120, 121), (55, 60, 61), (110, 10, 11), (310, 0, 1)])
def test_carbon_monoxide_alarms_by_exposure_as_en_50291_says(ppm, earliest, latest):
    story = Story().every(5, 10, 200, "co_detector", co=ppm).until(199)
    assert story.first("co") == between(10 + earliest, 10 + latest)


def test_carbon_monoxide_that_airs_in_between_starts_its_exposure_anew():
    story = Story().every(5, 0, 100, "co_detector", co=35).at(100, "co_detector", co=0)
    assert story.every(5, 105, 200, "co_detector", co=35).until(199).first("co") is None


def test_gas_below_the_alarm_point_is_quiet_and_above_it_speaks():
    story = Story().at(1, "gas_detector", gas=8).at(4, "gas_detector", gas=12).until(5)
    assert story.first("gas") == 4


def test_one_odd_pulse_is_no_alarm_but_two_are():
    story = Story().at(1, "wristband", heart_rate=140).at(6, "wristband", heart_rate=80).until(10)
    assert story.first("vital_signs") is None
    assert (
        Story().at(1, "wristband", heart_rate=140).at(6, "wristband", heart_rate=138).until(7).first("vital_signs") == 6
    )


def test_a_pulse_is_told_in_the_operators_own_words():
    story = Story().at(1, "wristband", heart_rate=140).at(6, "wristband", heart_rate=138).until(7)
    [told] = [evidence for evidence in story.told if evidence["metric"] == "heart_rate"]
    assert "心率 138 次/分" in told["text_zh"]
    assert "Heart rate 138 1/min" in told["text_en"]


def test_a_wristband_on_the_table_has_no_pulse_to_judge():
    story = Story().at(0, "wristband", worn=0)
    assert (
        story.at(1, "wristband", heart_rate=30).at(6, "wristband", heart_rate=30).until(8).first("vital_signs") is None
    )


def test_stillness_beyond_the_persons_own_habit_is_noticed():
    story = Story()
    story.fleet.baseline[:] = 7200
    story.every(5, 0, 400, "gateway", mains=1).every(30, 0, 400, "motion_sensor", motion=0).at(
        0, "motion_sensor", motion=1
    )
    assert story.until(300).first("no_sign_of_life") == between(180, 182)


def test_someone_who_left_the_house_is_out_and_not_dead():
    story = Story()
    story.fleet.baseline[:] = 7200
    story.every(5, 0, 400, "gateway", mains=1).every(30, 0, 400, "motion_sensor", motion=0)
    story.at(0, "motion_sensor", motion=1).at(1, "door_contact", door_open=0).at(2, "door_contact", door_open=1)
    assert story.at(3, "door_contact", door_open=0).until(300).first("no_sign_of_life") is None


def test_going_out_at_night_and_not_coming_back_is_noticed():
    story = Story(NIGHT).at(0, "door_contact", door_open=0).at(10, "door_contact", door_open=1)
    assert story.at(11, "door_contact", door_open=0).until(40).first("door_open") == between(26, 28)


def test_a_door_may_stand_open_half_an_hour_by_day():
    story = Story().at(0, "door_contact", door_open=0).at(5, "door_contact", door_open=1).until(40)
    assert story.first("door_open") == between(35, 37)


def test_a_cold_room_is_noticed_after_half_an_hour():
    assert Story().every(15, 5, 100, "climate_sensor", temperature=14).until(60).first("room_temperature") == between(
        35, 36
    )


def test_a_silent_gateway_is_noticed_when_its_own_time_is_up():
    story = Story().at(0, "gateway", mains=1).every(5, 0, 60, "motion_sensor", motion=0).until(45)
    assert story.first("device_silent") == between(30, 32)


def test_after_an_outage_of_our_own_nobody_is_called_silent_at_once():
    story = Story().at(0, "gateway", mains=1)
    story.fleet.last_seen[:] = story.begin - 3 * 60 * MINUTE
    assert story.until(20).first("device_silent") is None


def test_an_ordinary_minute_raises_nothing():
    story = (
        Story().at(0, "climate_sensor", temperature=20, battery=90).at(0, "wristband", heart_rate=70, spo2=97, worn=1)
    )
    assert story.at(0, "smoke_detector", smoke=0).at(0, "co_detector", co=1).until(20).raised == []


def silent(story):
    return next(evidence for evidence in story.told if "silent_devices" in evidence)


def test_a_lost_connection_is_told_by_when_it_broke_and_not_by_the_last_word():
    story = Story().at(0, "gateway", online=1).at(5, "gateway", online=0).at(12, "gateway", mains=1).until(16)
    assert story.first("device_silent") == 16
    assert silent(story)["text_zh"] == "家庭终端连接中断已 11 分钟"
    assert silent(story)["text_en"] == "The Home terminal (gateway) lost its connection 11 min ago"
    assert (silent(story)["reason"], silent(story)["since"]) == ("cut_off", "2026-03-02T01:05:00+00:00")


def test_a_device_that_says_nothing_is_told_by_its_last_word():
    story = Story().at(0, "gateway", mains=1).every(5, 0, 60, "motion_sensor", motion=0).until(45)
    assert silent(story)["text_zh"] == "家庭终端已 31 分钟没有消息"
    assert (silent(story)["reason"], silent(story)["since"]) == ("unheard", "2026-03-02T01:00:00+00:00")
