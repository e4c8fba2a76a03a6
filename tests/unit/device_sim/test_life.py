"""Simulated days hang together: the same seed gives the same day, and every device tells of the same life."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from core.catalogue import device_types
from device_sim.fleet import SimulatedFleet
from device_sim.incidents import discover
from device_sim.life import MINUTES, day
from device_sim.signals import readings

ZONE = ZoneInfo("Asia/Shanghai")
ON = date(2026, 3, 2)
FLEET = SimulatedFleet.make(60, 7)


def test_the_same_seed_gives_the_same_fleet_and_another_seed_another():
    assert SimulatedFleet.make(20, 3) == SimulatedFleet.make(20, 3)
    assert SimulatedFleet.make(20, 3) != SimulatedFleet.make(20, 4)


def test_the_pilot_has_at_least_600_terminals_of_every_type():
    devices = [device for home in SimulatedFleet.make().homes for device in home.devices]
    assert len(devices) >= 600
    assert {device.type for device in devices} == {code for code, kind in device_types().items() if kind.simulated}


@pytest.mark.parametrize("number", range(0, 60, 7))
def test_a_day_has_no_gap_and_no_overlap(number):
    stays = day(7, number, ON)
    assert stays[0].begin == 0
    assert stays[-1].end == MINUTES
    assert all(a.end == b.begin for a, b in pairwise(stays))


@pytest.mark.parametrize("home", FLEET.homes[::6], ids=lambda home: home.code)
def test_every_device_says_only_what_its_type_measures_and_what_is_plausible(home):
    for device in home.devices:
        for metric, ts, values in readings(7, home, device, ON, ZONE):
            known = device_types()[device.type].metrics[metric]
            assert ((values >= known.low) & (values <= known.high)).all()
            assert (np.diff(ts) >= 0).all()


def series(home, type_code, metric, on=ON):
    device = home.device(type_code)
    return next((ts, values) for name, ts, values in readings(7, home, device, on, ZONE) if name == metric)


def test_nothing_moves_in_the_home_while_she_is_out():
    for home in FLEET.homes:
        ts, values = series(home, "motion_sensor", "motion")
        minutes = (ts[values == 1] - series_midnight()) / 60e6
        outings = [(stay.begin, stay.end) for stay in day(7, home.number, ON) if stay.what == "out"]
        assert not any(((minutes > begin) & (minutes < end)).any() for begin, end in outings)


def test_a_visitor_opens_the_door_twice_and_there_is_movement_meanwhile():
    visits = [(home, stay) for home in FLEET.homes for stay in day(7, home.number, ON) if stay.what == "visit"]
    assert visits
    for home, stay in visits:
        door, opened = series(home, "door_contact", "door_open")
        minutes = (door[opened == 1] - series_midnight()) / 60e6
        assert all(np.abs(minutes - edge).min() < 0.1 for edge in (stay.begin, stay.end))
        moved, value = series(home, "motion_sensor", "motion")
        moved = (moved[value == 1] - series_midnight()) / 60e6
        assert ((moved >= stay.begin) & (moved <= stay.end)).any()


def series_midnight():
    return int(datetime(2026, 3, 2, tzinfo=ZONE).timestamp()) * 10**6


def test_the_bed_is_empty_when_she_is_up():
    home = next(home for home in FLEET.homes if home.device("bed_sensor"))
    ts, values = series(home, "bed_sensor", "in_bed")
    noon = series_midnight() + 9 * 3600 * 10**6
    assert values[np.searchsorted(ts, noon) - 1] == 0


def test_counters_never_fall_from_day_to_day():
    home = next(home for home in FLEET.homes if home.device("water_meter"))
    values = np.concatenate([series(home, "water_meter", "water_volume", ON + timedelta(days=n))[1] for n in range(5)])
    assert (np.diff(values) >= 0).all()


@pytest.mark.parametrize("name", list(discover()))
def test_every_incident_unfolds_in_devices_that_its_home_has(name):
    incident = discover()[name]
    home = next(home for home in FLEET.homes if home.device(incident.NEEDS))
    script = incident.unfold(home, Random(1))
    assert script.say
    assert any(home.device(say.type) for say in script.say)
    assert all(rule.isidentifier() for rule in incident.EXPECT)
    assert all(set(say.values) <= set(device_types()[say.type].metrics) for say in script.say)
