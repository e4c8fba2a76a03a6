"""What people write about a room, and the room it means."""

import re
from importlib.resources import files

import pytest

from core.rooms import NAMES, Room, room_of


@pytest.mark.parametrize(
    ("label", "room"),
    [
        ("卧室", Room.BEDROOM), ("主卧卫生间", Room.BATHROOM), ("厕所", Room.BATHROOM), ("浴室门口", Room.BATHROOM),
        ("堂屋", Room.LIVING_ROOM), ("灶间", Room.KITCHEN), ("门厅", Room.HALL), ("后院", Room.OUTSIDE),
        ("Living room", Room.LIVING_ROOM), ("手腕", Room.PERSON), ("储藏室", Room.OTHER), ("  ", Room.UNKNOWN),
    ],
)  # fmt: skip
def test_a_free_text_means_a_room(label, room):
    assert room_of(label) is room


def test_every_room_has_a_name_in_both_languages_and_its_chinese_name_means_it():
    assert set(NAMES) == set(Room)
    for room, (zh, en) in NAMES.items():
        assert en.isascii()
        assert room_of(zh) is room or room in (Room.OTHER, Room.UNKNOWN)


def test_the_database_takes_these_rooms_and_no_others():
    migration = files("core").joinpath("migrations/0018_devices.sql").read_text(encoding="utf-8")
    [listed] = re.findall(r"room_kind IN \(([^)]+)\)", migration)
    assert re.findall(r"'(\w+)'", listed) == list(Room)
