"""What rules read of people comes from a snapshot of the register, one value for a home."""

from zoneinfo import ZoneInfo

import numpy as np
import pytest

from alerts.judging.fleet import Fleet
from core.catalogue import device_types
from core.snapshot import DEVICE, HOME, PERSON

TYPES = (device_types()["sos_button"],)
ZONE = ZoneInfo("Asia/Shanghai")


def test_every_attribute_of_people_is_a_column_over_homes():
    homes = np.zeros(2, HOME)
    homes["id"] = 7, 9
    for number, name in enumerate(PERSON):
        homes[name] = number, number + 1
    devices = np.array([(1, 9, 0, 0, 5), (2, 8, 0, 0, 5)], DEVICE)
    fleet = Fleet.from_snapshot(homes, devices, types=TYPES, zone=ZONE)
    for number, name in enumerate(PERSON):
        assert list(fleet.person(name)) == [number, number + 1]
    assert list(fleet.device_ids) == [1]  # the other's home came between the two queries
    assert fleet.home_ids[fleet.device_home[0]] == 9


def test_nothing_known_of_a_person_is_the_declared_value_and_an_unknown_name_an_error():
    fleet = Fleet.build([1], [(1, 1, "sos_button")])
    assert {name: fleet.person(name)[0] for name in PERSON} == {name: one.unknown for name, one in PERSON.items()}
    with pytest.raises(KeyError):
        fleet.person("height")
