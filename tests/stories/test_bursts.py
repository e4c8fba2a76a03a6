"""What a terminal brings back from an outage: peaks that are over, old news, the same reading twice. No clock."""

import numpy as np

from alerts.rules import discover
from core.catalogue import metrics
from core.packed import READING, Flag
from tests.stories.story import MINUTE, MORNING, TYPES, Story, between


def burst(story, minute, type_code, metric, *readings, flags=Flag.LATE):
    """All at once, at `minute`, what was measured at each (minute, value); the rule's findings."""
    device, now = TYPES.index(type_code), MORNING + minute * MINUTE
    rows = [(MORNING + at * MINUTE, device, metrics()[metric].id, flags, value) for at, value in readings]
    batch = story.fleet.apply(np.array(rows, READING), now, now)
    return [
        (rule.name, findings.evidence(k)["value"])
        for rule in discover().values()
        if rule.observe and metric in rule.metrics
        for findings in [rule.observe(story.fleet, batch.of(*rule.metrics), rule.over(story.fleet))]
        for k in range(len(findings))
    ]


def ticked(story, minute, name):
    rule = discover()[name]
    return len(rule.tick(story.fleet, MORNING + minute * MINUTE, rule.over(story.fleet)))


def test_a_peak_of_carbon_monoxide_that_is_over_within_its_batch_is_still_raised():
    assert burst(Story(), 30, "co_detector", "co", (1, 0), (5, 310), (10, 0)) == [("co", 310.0)]


def test_an_old_peak_behind_a_clean_reading_is_raised_and_begins_no_exposure():
    story = Story()
    assert burst(story, 30, "co_detector", "co", (30, 0), flags=0) == []
    assert burst(story, 31, "co_detector", "co", (5, 310)) == [("co", 310.0)]
    assert burst(story, 60, "co_detector", "co", (60, 35), flags=0) == []
    assert ticked(story, 61, "co") == 0


def test_an_old_clean_reading_does_not_end_an_exposure_that_goes_on():
    story = Story()
    burst(story, 10, "co_detector", "co", (10, 110), flags=0)
    burst(story, 12, "co_detector", "co", (5, 0))
    assert ticked(story, 21, "co") == 1


def test_an_exposure_is_not_taken_to_go_on_through_hours_without_a_reading():
    story = Story()
    burst(story, 0, "co_detector", "co", (0, 35), flags=0)
    assert burst(story, 300, "co_detector", "co", (300, 35), flags=0) == []


def test_a_room_that_was_cold_and_is_warm_again_raises_nothing_when_both_come_at_once():
    story = Story()
    burst(story, 90, "climate_sensor", "temperature", (10, 12), (80, 20), flags=0)
    assert ticked(story, 91, "room_temperature") == 0


def test_a_room_that_stays_cold_is_found_through_a_late_warm_reading_from_before():
    story = Story()
    burst(story, 10, "climate_sensor", "temperature", (10, 14), flags=0)
    burst(story, 20, "climate_sensor", "temperature", (5, 20))
    assert ticked(story, 45, "room_temperature") == 1


def test_the_same_pulse_delivered_twice_is_one_reading():
    story = Story()
    assert burst(story, 5, "wristband", "heart_rate", (5, 140), flags=0) == []
    assert burst(story, 6, "wristband", "heart_rate", (5, 140), flags=0) == []
    assert burst(story, 9, "wristband", "heart_rate", (9, 140), flags=0) == [("vital_signs", 140.0)]


def test_someone_out_since_the_morning_is_asked_after_when_twelve_hours_are_up():
    story = Story()
    story.every(5, 0, 760, "gateway", mains=1).every(30, 0, 760, "motion_sensor", motion=0)
    story.at(1, "door_contact", door_open=0).at(2, "door_contact", door_open=1).at(3, "door_contact", door_open=0)
    assert story.until(750).first("not_back") == between(723, 725)
