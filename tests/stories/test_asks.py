"""What was answered asks again when somebody calls again, and not because its condition merely goes on. No database."""

import numpy as np
import pytest

from alerts.judging.fleet import Fleet
from alerts.judging.judge import Judge
from alerts.rules import discover
from core.catalogue import metrics
from core.packed import READING
from tests.stories.story import MINUTE, MORNING


class Home:
    """One home with two devices of a type under one rule; what is found of it, and whether that asks."""

    def __init__(self, rule, *types):
        self.fleet = Fleet.build([1], [(number, 1, code) for number, code in enumerate(types)], installed_at=MORNING)
        self.judge = Judge.new(self.fleet, {rule: discover()[rule]})
        self.docket = self.judge.dockets[rule]
        self.now = MORNING
        self.asked = []  # minutes at which it asked, answered or not
        self.found = 0

    def minutes(self, count, **said):
        """Each minute every device that is given, by its number, says its value of a metric."""
        for _ in range(count):
            rows = [
                (self.now, int(number[1:]), metrics()[metric].id, 0, value)
                for metric, values in said.items()
                for number, value in values.items()
            ]
            batch = self.fleet.apply(np.array(rows, READING), self.now, self.now)
            self.fleet.last_seen[:] = self.now
            asked = [self._take(self.judge.observe(batch)), self._take(self.judge.tick(self.now)[0])]
            self.asked += [(self.now - MORNING) // MINUTE] if any(asked) else []
            self.now += MINUTE
        return self

    def _take(self, raises):
        for one in raises:
            self.docket.written(one, 7)
            self.found += 1
        return any(one.asks for one in raises)


@pytest.mark.parametrize(
    ("rule", "device", "metric", "value"),
    [
        ("fire", "smoke_detector", "smoke", 1), ("gas", "gas_detector", "gas", 20), ("co", "co_detector", "co", 310),
        ("vital_signs", "wristband", "heart_rate", 140), ("water_leak", "water_leak_sensor", "water_leak", 1),
    ],
)  # fmt: skip
def test_a_condition_that_goes_on_for_an_hour_asks_once(rule, device, metric, value):
    home = Home(rule, device).minutes(60, **{metric: {"_0": value}})
    assert home.asked in ([0], [1])
    assert home.found == (60 - home.asked[0] if discover()[rule].observe else 1), "what a reading says is on record"


def test_a_room_that_stays_hot_asks_when_it_is_and_when_it_gets_worse():
    home = Home("room_temperature", "climate_sensor").minutes(60, temperature={"_0": 36})
    assert len(home.asked) == 1
    assert len(home.minutes(60, temperature={"_0": 39}).asked) == 2


@pytest.mark.parametrize(("rule", "device"), [("sos", "sos_button"), ("fall", "fall_radar")])
def test_every_cry_asks(rule, device):
    assert Home(rule, device).minutes(10, **{rule: {"_0": 1}}).asked == list(range(10))


def test_a_second_detector_asks_once_though_the_first_was_answered():
    home = Home("fire", "smoke_detector", "smoke_detector").minutes(10, smoke={"_0": 1})
    home.minutes(10, smoke={"_0": 1, "_1": 1})
    assert home.asked == [0, 10]


def test_smoke_that_was_gone_and_is_back_asks_again():
    home = Home("fire", "smoke_detector").minutes(10, smoke={"_0": 1}).minutes(10, smoke={"_0": 0})
    assert home.docket.over[0]
    assert home.minutes(10, smoke={"_0": 1}).asked == [0, 20]


def test_smoke_that_stops_for_a_minute_and_is_back_asks_again_though_it_was_not_over():
    home = Home("fire", "smoke_detector").minutes(3, smoke={"_0": 1}).minutes(1, smoke={"_0": 0})
    assert not home.docket.over[0]
    assert home.minutes(3, smoke={"_0": 1}).asked == [0, 4]


def test_the_newest_and_the_worst_value_of_a_burst_are_told():
    home = Home("gas", "gas_detector")
    rows = [(MORNING + second, 0, metrics()["gas"].id, 0, value) for second, value in enumerate((12, 41, 18))]
    batch = home.fleet.apply(np.array(rows, READING), MORNING + 3, MORNING + 3)
    [one] = home.judge.observe(batch)
    assert one.measured == (18, 41)
    assert one.evidence["value"] == 12, "what it was at first"


def test_what_only_a_tick_finds_is_told_anew_whenever_it_changes():
    home = Home("room_temperature", "climate_sensor").minutes(40, temperature={"_0": 36})
    assert home.docket.moved == {}
    home.minutes(1, temperature={"_0": 36.5})
    assert home.docket.moved == {7: 36.5}
    assert home.minutes(1, temperature={"_0": 36.5}).docket.moved == {}


def test_an_event_measures_nothing():
    home = Home("sos", "sos_button")
    batch = home.fleet.apply(np.array([(MORNING, 0, metrics()["sos"].id, 0, 1)], READING), MORNING, MORNING)
    [one] = home.judge.observe(batch)
    assert one.measured is None
