"""Each rule that only reads what a detector says: when it must speak, and when it must stay quiet."""

import pytest

from alerts.rules import discover
from tests.stories.story import MINUTE, NIGHT, Story, between


@pytest.mark.parametrize(
    ("rule", "device", "quiet", "loud"),
    [
        ("fire", "smoke_detector", {"smoke": 0}, {"smoke": 1}),
        ("water_leak", "water_leak_sensor", {"water_leak": 0}, {"water_leak": 1}),
        ("battery_low", "smoke_detector", {"battery": 21}, {"battery": 20}),
        ("gas", "gas_detector", {"gas": 9.9}, {"gas": 10}),
        ("sos", "sos_button", {"sos": 0}, {"sos": 1}),
        ("fall", "fall_radar", {"fall": 0}, {"fall": 1}),
        ("fall", "fall_radar", {"fall_suspected": 0}, {"fall_suspected": 1}),
        ("gas", "gas_detector", {"gas_alarm": 0}, {"gas_alarm": 1}),
        ("co", "co_detector", {"co_alarm": 0}, {"co_alarm": 1}),
        ("battery_low", "door_contact", {"battery_low": 0}, {"battery_low": 1}),
    ],
)
def test_a_rule_is_quiet_below_its_point_and_speaks_at_it(rule, device, quiet, loud):
    assert Story().at(1, device, **quiet).until(3).first(rule) is None
    assert Story().at(1, device, **loud).until(3).first(rule) == 1


@pytest.mark.parametrize(
    ("device", "sign", "inside", "danger"),
    [
        ("wristband", "spo2", 92, 91),
        ("wristband", "heart_rate", 41, 40),
        ("wristband", "heart_rate", 130, 131),
        ("bed_sensor", "breathing_rate", 9, 8),
        ("bed_sensor", "breathing_rate", 24, 25),
        ("blood_pressure_monitor", "systolic", 91, 90),
        ("blood_pressure_monitor", "systolic", 219, 220),
    ],
)
def test_a_vital_sign_speaks_in_news2s_band_of_three_points_and_not_beside_it(device, sign, inside, danger):
    def twice(value):
        return Story().at(1, device, **{sign: value}).at(6, device, **{sign: value}).until(7).first("vital_signs")

    assert twice(inside) is None
    assert twice(danger) is not None


def test_oxygen_of_a_person_on_scale_two_is_judged_by_that_scale():
    def at(value):
        story = Story().at(1, "wristband", spo2=value).at(6, "wristband", spo2=value)
        story.fleet.person("spo2_scale")[:] = 2
        return story.until(7).first("vital_signs")

    assert at(84) is None
    assert at(83) == 6


def test_a_new_home_without_a_rhythm_waits_eight_hours():
    story = Story().every(5, 0, 500, "gateway", mains=1).every(30, 0, 500, "motion_sensor", motion=0)
    assert story.at(0, "motion_sensor", motion=1).until(485).first("no_sign_of_life") == between(480, 482)


def test_daybreak_does_not_end_a_night_exit_but_coming_home_does():
    def clear_at(story, minute):
        rule = discover()["door_open"]
        return bool(rule.tick(story.fleet, story.begin + minute * MINUTE, rule.over(story.fleet)).clear[0])

    story = Story(NIGHT).at(0, "door_contact", door_open=0).at(240, "door_contact", door_open=1)
    story.at(241, "door_contact", door_open=0).until(260)
    assert story.first("door_open") == between(256, 258)
    assert not clear_at(story, 310)
    assert clear_at(story.at(311, "motion_sensor", motion=1).until(312), 312)
