"""What is known of a home and of the people in it beyond name and address: one line a field.

A field has one name everywhere: in the database, in the register file and in the API. Each says which permission
(core.roles) lets somebody see and change it; what needs more than seeing homes and people is written into the access
log whenever it is read.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

SEEN = "people.read"
CONTACTS = "people.contacts"
HEALTH = "people.health"
HOMES = "homes.read"
LOGGED = frozenset({CONTACTS, HEALTH})

PHONES_MAXIMUM = 5
PHONE_LONGEST = 32  # characters
PHONE = re.compile(
    r"(?=(?:\D*\d){3})[0-9+()（）#*.,\- A-Za-z\u4e00-\u9fff]{3,32}"
)  # digits, and 转 or ext. between them
CATEGORIES_MAXIMUM = 10
SEPARATOR = re.compile(r"[|;；、]")
DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")  # Excel saves 1941/3/9
SEXES = {"": None, "female": "female", "male": "male", "女": "female", "男": "male"}

# GB/T 42195-2022, ability of the elderly; 0 is the best.
ABILITIES = (
    ("能力完好", "able"), ("轻度失能", "slightly disabled"), ("中度失能", "moderately disabled"),
    ("重度失能", "severely disabled"), ("完全失能", "wholly disabled"),
)  # fmt: skip
# 特困人员认定办法 (民发〔2021〕43号) article 28; by article 29 none lost is 全自理, up to 3 半自理, more 全护理.
SELF_CARE = (
    ("吃饭", "eats"), ("穿衣", "dresses"), ("上下床", "gets in and out of bed"), ("如厕", "uses the toilet"),
    ("室内行走", "walks indoors"), ("洗澡", "bathes"),
)  # fmt: skip
YES, NO = frozenset("是能Yy"), frozenset("否不Nn")


class Field(NamedTuple):
    """One field: who may see it, how it is read from a register file (ValueError says what to mend) and written."""

    name: str
    permission: str
    read: Callable[[str], Any]
    write: Callable[[Any], str] = lambda value: "" if value is None else str(value)


def _text(most: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if len(text) > most:
            raise ValueError(f"{text[:20]!r}… has {len(text)} characters; {most} are the most")
        return text

    return read


def _date(text: str) -> date | None:
    if not text:
        return None
    found = DATE.fullmatch(text)
    try:
        return date(*map(int, found.groups())) if found else date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a date such as 1941-03-09") from None


def _sex(text: str) -> str | None:
    if text not in SEXES:
        raise ValueError(f"{text!r} is none of 女, 男, female, male")
    return SEXES[text]


def _spo2_scale(text: str) -> int:
    if text not in ("", "1", "2"):
        raise ValueError(f"{text!r} is not 1 or 2 (NEWS2 oxygen scale)")
    return int(text or 1)


def phones(texts: Iterable[str]) -> list[str]:
    """Telephone numbers as they are kept; raises ValueError on what can't be one."""
    found = [text.strip() for text in texts]
    if len(found) > PHONES_MAXIMUM:
        raise ValueError(f"has {len(found)} numbers; {PHONES_MAXIMUM} are the most")
    for text in found:
        if not PHONE.fullmatch(text):
            raise ValueError(f"{text[:40]!r} is not a telephone number of at most {PHONE_LONGEST} characters")
    return found


def _list(text: str) -> list[str]:
    return [part.strip() for part in SEPARATOR.split(text) if part.strip()]


def _categories(text: str) -> list[str]:
    found = list(dict.fromkeys(_list(text)))
    if len(found) > CATEGORIES_MAXIMUM:
        raise ValueError(f"has {len(found)} categories; {CATEGORIES_MAXIMUM} are the most")
    return found


def _ability(text: str) -> int | None:
    names = {zh: level for level, (zh, _) in enumerate(ABILITIES)}
    levels = names | {str(level): level for level in range(len(ABILITIES))} | {"": None}
    if text not in levels:
        raise ValueError(f"{text!r} is not 0 to 4 or {'、'.join(names)} (GB/T 42195-2022)")
    return levels[text]


def _self_care(text: str) -> list[bool] | None:
    if not text:
        return None
    if len(text) != len(SELF_CARE) or not set(text) <= YES | NO:
        items = "、".join(zh for zh, _ in SELF_CARE)
        raise ValueError(f"{text[:20]!r} is not six of 是 and 否 (or Y and N), in the order {items}")
    return [letter in YES for letter in text]


def _degrees(most: int) -> Callable[[str], float | None]:
    def read(text: str) -> float | None:
        try:
            found = float(text) if text else None
        except ValueError:
            raise ValueError(f"{text[:20]!r} is not a number of degrees such as 31.2304") from None
        if found is not None and not abs(found) <= most:
            raise ValueError(f"{text[:20]!r} does not lie between -{most} and {most} degrees")
        return found

    return read


def _joined(values: Iterable[str]) -> str:
    return "|".join(values)


HOME = (
    Field("key_place", CONTACTS, _text(200)),
    Field("dog", HOMES, _text(100)),
    Field("latitude", HOMES, _degrees(90)),  # WGS 84
    Field("longitude", HOMES, _degrees(180)),
)
PERSON = (
    Field("born", SEEN, _date),
    Field("sex", SEEN, _sex),
    Field("spo2_scale", HEALTH, _spo2_scale),
    Field("note", HEALTH, _text(2000)),
    Field("phones", CONTACTS, lambda text: phones(_list(text)), _joined),
    Field("illnesses", HEALTH, _text(500)),
    Field("medication", HEALTH, _text(500)),
    Field("language", SEEN, _text(64)),
    Field("categories", HEALTH, _categories, _joined),
    Field("ability", HEALTH, _ability),
    Field("ability_on", HEALTH, _date),
    Field(
        "self_care", HEALTH, _self_care,
        lambda items: "" if items is None else "".join("是" if able else "否" for able in items),
    ),
    Field("self_care_on", HEALTH, _date),
    Field("carer", CONTACTS, _text(64)),
    Field("carer_since", CONTACTS, _date),
    Field("carer_until", CONTACTS, _date),
)  # fmt: skip


def contradiction(values: Mapping[str, Any]) -> tuple[str, str] | None:
    """(field, why) where values of a home or a person contradict each other; None when they don't."""
    if (values.get("latitude") is None) != (values.get("longitude") is None):
        return "longitude", "latitude and longitude go together"
    since, until = values.get("carer_since"), values.get("carer_until")
    if since and until and until < since:
        return "carer_until", "lies before carer_since"
    return None


def visible(fields: Iterable[Field], permissions: Collection[str]) -> list[str]:
    """The names of those fields that somebody with these permissions may see."""
    return [field.name for field in fields if field.permission in permissions]


def told(fields: Iterable[Field], row: Mapping[str, Any], permissions: Collection[str]) -> set[str]:
    """Which fields of a row, as this reader is given it, go into the access log: those that say something."""
    return {
        field.name
        for field in fields
        if field.permission in LOGGED & set(permissions) and row[field.name] not in (None, "", [])
    }
