"""The columns agree with a plain, slow reading of the same history, whatever came late, twice or mixed."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.judging.fleet import Fleet
from core.catalogue import metrics
from core.packed import READING

DEVICES = [(11, 1, "motion_sensor"), (12, 1, "door_contact"), (21, 2, "water_meter"), (22, 2, "gateway")]
SLOTS = [(11, "motion"), (11, "battery"), (12, "door_open"), (21, "water_volume"), (22, "online")]


def packed(*readings: tuple[int, int, str, float]):
    rows = np.zeros(len(readings), READING)
    for row, (ts, device, metric, value) in zip(rows, readings, strict=True):
        row["ts"], row["device"], row["metric"], row["value"] = ts, device, metrics()[metric].id, value
    return rows


def fleet() -> Fleet:
    return Fleet.build([1, 2, 3], DEVICES)


def slot(fleet: Fleet, device: int, metric: str):
    column = fleet.column(metric)
    (row,) = np.flatnonzero(fleet.device_ids[column.device] == device)
    return column.ts[row], column.value[row], column.since[row], column.seen[row]


READINGS = st.lists(
    st.tuples(st.integers(1, 60), st.sampled_from(SLOTS), st.integers(0, 2)),
    unique_by=lambda reading: reading[:2],
    max_size=30,
)


@given(READINGS.flatmap(lambda all_: st.tuples(st.permutations(all_), st.integers(1, 5))))
def test_in_whatever_order_and_batches_they_come_the_newest_reading_stands(case):
    arrived, batches = case
    known = fleet()
    for part in range(batches):
        known.apply(packed(*((ts, d, m, v) for ts, (d, m), v in arrived[part::batches])), 100 + part)
    for device, metric in SLOTS:
        own = sorted((ts, v) for ts, slot_, v in arrived if slot_ == (device, metric))
        ts, value, since, _ = slot(known, device, metric)
        if not own:
            assert (ts, since) == (0, 0)
            assert math.isnan(value)
            continue
        assert (ts, value) == own[-1]
        assert own[0][0] <= since <= ts
        in_between = [v for at, v in own if since <= at]
        assert all((v != 0) == (value != 0) for v in in_between), "since then it has been what it is now"


@given(READINGS)
def test_readings_in_order_know_the_one_before_and_since_when(readings):
    known, slow = fleet(), {}
    readings = sorted(readings)
    batch = known.apply(packed(*((ts, d, m, v) for ts, (d, m), v in readings)), 100)
    for position, (ts, key, value) in enumerate(readings):
        before, since = slow.get(key, (None, ts))
        assert batch.previous_ts[position] == (before[0] if before else 0)
        assert math.isnan(batch.previous[position]) if before is None else batch.previous[position] == before[1]
        same = before is not None and (before[1] != 0) == (value != 0)
        slow[key] = ((ts, value), since if same else ts)
    for (device, metric), ((ts, value), since) in slow.items():
        assert slot(known, device, metric)[:3] == (ts, value, since)


def test_the_reading_before_is_known_across_batches():
    known = fleet()
    known.apply(packed((10, 12, "door_open", 1)), 10)
    batch = known.apply(packed((30, 12, "door_open", 0), (20, 12, "door_open", 1)), 30)
    assert batch.previous.tolist() == [1, 1]
    assert batch.previous_ts.tolist() == [10, 20]


def test_an_older_reading_that_comes_late_overwrites_nothing_and_claims_no_predecessor():
    known = fleet()
    known.apply(packed((50, 12, "door_open", 1)), 50)
    batch = known.apply(packed((40, 12, "door_open", 0)), 60)
    assert math.isnan(batch.previous[0])
    assert slot(known, 12, "door_open") == (50, 1, 50, 60)


def test_readings_of_unknown_devices_and_metrics_are_left_out():
    batch = fleet().apply(packed((1, 99, "motion", 1), (2, 12, "motion", 1), (3, 12, "door_open", 1)), 5)
    assert batch.ts.tolist() == [3]


@pytest.mark.parametrize(
    ("first", "second", "alive"),
    [
        ((1, 11, "motion", 0), (9, 11, "motion", 0), 0),
        ((1, 11, "motion", 0), (9, 11, "motion", 1), 9),
        ((1, 12, "door_open", 1), (9, 12, "door_open", 1), 0),
        ((1, 12, "door_open", 1), (9, 12, "door_open", 0), 9),
        ((1, 21, "water_volume", 7), (9, 21, "water_volume", 7), 0),
        ((1, 21, "water_volume", 7), (9, 21, "water_volume", 8), 9),
        ((1, 21, "water_volume", 7), (9, 21, "water_volume", 0), 0),  # a new meter counts from nothing
        ((1, 11, "battery", 90), (9, 11, "battery", 80), 0),
    ],
)
def test_what_shows_life_is_what_the_catalogue_says(first, second, alive):
    known = fleet()
    known.apply(packed(first), 1)
    known.apply(packed(second), 9)
    home = 0 if first[1] < 20 else 1
    assert known.last_life[home] == alive
    assert known.last_life_device[home] == (known.rows_of_devices([second[1]])[0] if alive else -1)


def test_a_last_will_is_no_word_from_the_device():
    known = fleet()
    known.apply(packed((5, 22, "online", 1)), 5)
    known.apply(packed((9, 22, "online", 0)), 9)
    assert known.last_seen[known.rows_of_devices([22])[0]] == 5


def test_homes_know_their_devices_and_a_home_without_any_is_no_trouble():
    known = fleet()
    assert [known.device_ids[known.devices_of(np.array([home]))].tolist() for home in range(3)] == [
        [11, 12],
        [21, 22],
        [],
    ]
    assert known.device_ids[known.devices_of(np.array([1, 2, 0]))].tolist() == [21, 22, 11, 12]


def test_a_fleet_without_homes_takes_up_nothing():
    empty = Fleet.build([], [])
    assert len(empty.apply(packed((1, 11, "motion", 1)), 1)) == 0
    assert len(empty.column("motion")) == 0
