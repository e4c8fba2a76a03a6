"""The rooms a device can hang in: a closed vocabulary for rules, beside the free text that people write."""

from enum import StrEnum
from types import MappingProxyType


class Room(StrEnum):
    """What sort of room it is."""

    BEDROOM = "bedroom"
    LIVING_ROOM = "living_room"
    KITCHEN = "kitchen"
    BATHROOM = "bathroom"  # and toilet: where people slip
    HALL = "hall"  # entrance, corridor, stairs
    OUTSIDE = "outside"  # yard, balcony
    PERSON = "person"  # carried, in no room
    OTHER = "other"  # none of these
    UNKNOWN = "unknown"  # nobody has said


ROOMS = tuple(Room)  # a rule's column holds the place in here

NAMES = MappingProxyType(
    {
        Room.BEDROOM: ("卧室", "Bedroom"),
        Room.LIVING_ROOM: ("客厅", "Living room"),
        Room.KITCHEN: ("厨房", "Kitchen"),
        Room.BATHROOM: ("卫生间", "Bathroom"),
        Room.HALL: ("门厅过道", "Hall"),
        Room.OUTSIDE: ("室外", "Outside"),
        Room.PERSON: ("随身", "On the person"),
        Room.OTHER: ("其他", "Other"),
        Room.UNKNOWN: ("未填", "Not said"),
    }
)  # (Chinese, English)

# Words that name a room, the more telling first: 主卧卫生间 is a bathroom, 卧室门口 a bedroom.
_WORDS = (
    (Room.BATHROOM, ("卫生间", "厕", "浴", "洗手间", "盥洗", "bathroom", "toilet", "shower")),
    (Room.BEDROOM, ("卧", "床", "bed")),
    (Room.KITCHEN, ("厨", "灶", "kitchen")),
    (Room.LIVING_ROOM, ("客厅", "堂屋", "起居", "正房", "living", "sitting")),
    (Room.OUTSIDE, ("院", "阳台", "室外", "屋外", "户外", "outside", "yard", "balcony")),
    (Room.HALL, ("门", "玄关", "走廊", "过道", "楼梯", "hall", "corridor", "stairs", "entrance")),
    (Room.PERSON, ("随身", "佩戴", "手腕", "person", "worn", "wrist")),
)


def room_of(label: str) -> Room:
    """The room that a free text means: OTHER where it names none of them, UNKNOWN where it is empty."""
    text = label.strip().lower()
    if not text:
        return Room.UNKNOWN
    return next((room for room, words in _WORDS if any(word in text for word in words)), Room.OTHER)
