"""What is written out is what is read in again: nothing of a home is lost on the way."""

import io
from dataclasses import asdict
from datetime import date

import pytest

from registry import export, register
from registry.export import Entry
from registry.fields import HOME, PERSON

CATEGORIES = {"alone": "alone", "分散供养特困": "a"}
HOUSE = {
    "home_code": "H1", "area_path": "qu.zhen.cun.g1", "area_names": "示例区/示例镇/示例村/一格",
    "address": '一号, "东屋"', "key_place": "花盆下", "dog": "", "latitude": 31.2304, "longitude": 121.4737,
}  # fmt: skip
SOMEBODY = {
    "name": "示例·甲", "born": date(1940, 1, 2), "sex": "female", "spo2_scale": 2, "note": "听力差\n说慢些",
    "phones": ["138 0013 8000", "010-6555 0199"], "illnesses": "高血压", "medication": "", "language": "吴语",
    "categories": ["alone"], "ability": 2, "ability_on": None, "self_care": [True] * 6, "self_care_on": None,
    "carer": "", "carer_since": None, "carer_until": None,
}  # fmt: skip
CALLED = {
    "role": "女儿", "name": "示例·乙", "phone": "000-1", "other_phones": ["000-2", "000-3"], "relation": "长女",
    "holds_key": True, "hours": "08:00-20:00",
}  # fmt: skip
DEVICE = {"vendor": "acme", "serial": "s1", "type": "sos_button", "room": "卧室", "room_kind": "bedroom"}


def back(*entries):
    """(rows written, the register that reads them)."""
    file = io.StringIO()
    rows = export.write(iter(entries), file)
    file.seek(0)
    found = register.read(file, ["acme"], CATEGORIES)
    assert found.errors == []
    return rows, found


def test_a_home_with_all_that_is_known_of_it_comes_back():
    _, found = back(Entry(HOUSE, [SOMEBODY], [CALLED], [DEVICE]))
    [home] = found.homes.values()
    assert (home.code, home.address) == (HOUSE["home_code"], HOUSE["address"])
    [contact] = home.contacts
    assert contact._asdict().items() >= CALLED.items()
    assert home.values == {field.name: HOUSE[field.name] for field in HOME}
    [person] = found.people.values()
    assert (person.home_code, person.name) == ("H1", SOMEBODY["name"])
    assert person.values == {field.name: SOMEBODY[field.name] for field in PERSON}
    [device] = found.devices.values()
    assert asdict(device) == DEVICE | {"home_code": "H1"}


def test_there_is_a_row_for_each_device_or_person_whichever_are_more():
    two = [SOMEBODY, SOMEBODY | {"name": "示例·丙"}]
    three = [DEVICE | {"serial": f"s{number}"} for number in range(3)]
    for people, devices, rows in ((two, three, 3), (two, [], 2), ([], three, 3), ([], [], 1)):
        assert back(Entry(HOUSE, people, [], devices))[0] == rows


@pytest.mark.parametrize("nothing", [[], [CALLED]])
def test_a_home_without_people_or_devices_is_written_too(nothing):
    rows, found = back(Entry(HOUSE, [], nothing, []))
    assert (rows, list(found.homes)) == (1, ["H1"])
    assert {field.name for field in (*HOME, *PERSON)} <= {*register.COLUMNS, *register.OPTIONAL}
