"""Reads a register of homes, people and devices and says precisely, row by row, what is wrong with it."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TextIO

from core import canary, catalogue
from core.rooms import NAMES, Room, room_of
from registry import fields, sheet
from registry.fields import HOME, PERSON, Field

COLUMNS = (
    "home_code", "area_path", "area_names", "address", "person_name", "born", "sex", "spo2_scale", "contacts",
    "vendor", "serial", "type", "room",
)  # fmt: skip
ROOM_KIND = "room_kind"  # may be left out: what `room` means is read from its words
OPTIONAL = (  # absent: nothing of it changes
    *(one.name for one in (*HOME, *PERSON) if one.name not in COLUMNS), ROOM_KIND,
)  # fmt: skip
AREA_PATH = re.compile(r"[A-Za-z0-9_]{1,64}(\.[A-Za-z0-9_]{1,64}){3}")
SERIAL = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
LONGEST = {
    "home_code": 64, "address": 200, "person_name": 64, "room": 64, "contacts": 6000, "note": 2000,
    "illnesses": 500, "medication": 500,
}  # fmt: skip
OTHERS_LONGEST = 300  # characters
AREA_NAME_LONGEST = 64
CONTACTS_MAXIMUM = 20
CONTACT_LONGEST = {"role": 32, "name": 64, "phone": 32, "relation": 32, "hours": 64}
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
LINES = frozenset({"note"})  # these columns may have several
HOLDS_KEY = {"": False, "钥匙": True, "key": True}


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing to mend: the row as a spreadsheet counts it (the header is row 1), the column, and why."""

    row: int
    column: str
    message: str

    def __str__(self) -> str:
        return f"row {self.row}, {self.column}: {self.message}"


class Contact(NamedTuple):
    """Somebody to call; the order in the file is the order of calling."""

    role: str
    name: str
    phone: str
    other_phones: list[str] = []  # noqa: RUF012
    relation: str = ""
    holds_key: bool = False
    hours: str = ""
    brief: bool = False  # the file says role, name and phone only: what else is known stays


@dataclass(frozen=True, slots=True)
class Home:
    """One home."""

    code: str
    area_path: str
    area_names: tuple[str, ...]
    address: str
    contacts: tuple[Contact, ...]
    values: dict[str, Any]  # of fields.HOME, as far as the file has columns for them


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who lives there."""

    home_code: str
    name: str
    values: dict[str, Any]  # of fields.PERSON, as far as the file has columns for them


@dataclass(frozen=True, slots=True)
class Device:
    """One terminal."""

    vendor: str
    serial: str
    type: str
    home_code: str
    room: str
    room_kind: Room


@dataclass(slots=True)
class Register:
    """What a file says. It may be written to the database only when `errors` is empty."""

    homes: dict[str, Home] = field(default_factory=dict)
    people: dict[tuple[str, str], Person] = field(default_factory=dict)
    devices: dict[tuple[str, str], Device] = field(default_factory=dict)
    errors: list[RowError] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)  # columns that mean nothing here


class FieldError(ValueError):
    """A field of a row is wrong."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


@dataclass(frozen=True, slots=True)
class Known:
    """What a file may name: codes of vendors, and categories by code and by name."""

    vendors: frozenset[str]
    categories: Mapping[str, str]


def read(file: TextIO, vendors: Iterable[str], categories: Mapping[str, str] | None = None) -> Register:
    """Parse a whole CSV text, collecting every error; see `read_rows`."""
    return read_rows(sheet.csv_rows(file), vendors, categories)


def read_rows(
    rows: Iterator[tuple[int, list[str]]], vendors: Iterable[str], categories: Mapping[str, str] | None = None
) -> Register:
    """Parse all rows, collecting every error.

    `vendors` are the codes that exist; `categories` gives the code of each that exists by its code and by its names.
    """
    register, number = Register(), 0
    known = Known(frozenset(vendors), categories or {})
    try:
        number, first = next(rows, (1, []))
        header = _header(register, [name.strip() for name in first])
        for number, cells in rows if header else ():
            if any(cell.strip() for cell in cells):
                _row(register, number, dict(zip(header, cells, strict=False)), known)
    except csv.Error as error:  # such as a field of more than 131,072 characters: a quote that is not closed
        register.errors.append(RowError(number + 1, "unreadable", str(error)))
    return register


def _header(register: Register, header: list[str]) -> list[str]:
    """The header, or nothing when it won't do."""
    missing = [column for column in COLUMNS if column not in header]
    twice = [column for column in (*COLUMNS, *OPTIONAL) if header.count(column) > 1]
    if missing:
        register.errors.append(RowError(1, missing[0], f"the header lacks {', '.join(missing)}"))
    if twice:
        register.errors.append(RowError(1, twice[0], "stands twice in the header"))
    register.ignored = [column for column in header if column and column not in (*COLUMNS, *OPTIONAL)]
    return [] if missing or twice else header


def _row(register: Register, number: int, cells: dict[str, str], known: Known) -> None:
    row = {name: text.strip() for name, text in cells.items() if name in COLUMNS or name in OPTIONAL}
    try:
        _take(register, dict.fromkeys(COLUMNS, "") | row, known)
    except FieldError as error:
        register.errors.append(RowError(number, error.column, str(error)))


def _take(register: Register, row: dict[str, str], known: Known) -> None:
    _bounded(row)
    home, person = _home(row), _person(row, known)
    _same(register.homes.setdefault(home.code, home), home, f"home {home.code}")
    if person:
        _same(register.people.setdefault((home.code, person.name), person), person, f"{person.name} in {home.code}")
    if not any(row[column] for column in ("vendor", "serial", "type")):
        return  # a home without devices yet
    device = _device(row, known.vendors)
    if register.devices.setdefault((device.vendor, device.serial), device) != device:
        raise FieldError("serial", f"{device.vendor} {device.serial} stands in an earlier row with other data")


def _same(earlier: Home | Person, entry: Home | Person, what: str) -> None:
    if earlier == entry:
        return
    for name in ("area_path", "area_names", "address", "contacts"):
        if getattr(earlier, name, None) != getattr(entry, name, None):
            raise FieldError(name, f"differs from an earlier row of {what}")
    differs = next(name for name in entry.values if earlier.values[name] != entry.values[name])
    raise FieldError(differs, f"differs from an earlier row of {what}")


def _bounded(row: dict[str, str]) -> None:
    for column, text in row.items():
        if CONTROL.search(text.replace("\n", "") if column in LINES else text):
            raise FieldError(column, "holds a line break or another control character")
        _short_enough(column, text, LONGEST.get(column, OTHERS_LONGEST))


def _short_enough(column: str, text: str, most: int) -> None:
    if len(text) > most:
        raise FieldError(column, f"{text[:20]!r}… has {len(text)} characters; {most} are the most")


def _values(row: dict[str, str], of: Iterable[Field]) -> dict[str, Any]:
    values = {}
    for one in of:
        if one.name in row:
            try:
                values[one.name] = one.read(row[one.name])
            except ValueError as error:
                raise FieldError(one.name, str(error)) from None
    if wrong := fields.contradiction(values):
        raise FieldError(*wrong)
    return values


def _home(row: dict[str, str]) -> Home:
    for column in ("home_code", "address"):
        if not row[column]:
            raise FieldError(column, "is empty")
    if not AREA_PATH.fullmatch(row["area_path"]):
        raise FieldError("area_path", f"{row['area_path']!r} is not four labels such as qu.zhen.cun.wangge")
    names = tuple(name.strip() for name in row["area_names"].split("/"))
    if len(names) != 4 or not all(names):
        raise FieldError("area_names", "needs four names: 区/街镇/村居/网格")
    for name in names:
        _short_enough("area_names", name, AREA_NAME_LONGEST)
    if row["home_code"] == canary.HOME:
        raise FieldError("home_code", f"{canary.HOME} is the self-check's own home")
    return Home(
        row["home_code"], row["area_path"], names, row["address"], tuple(_contacts(row["contacts"])), _values(row, HOME)
    )


def _person(row: dict[str, str], known: Known) -> Person | None:
    if not row["person_name"]:
        if any(row.get(one.name) for one in PERSON):
            raise FieldError("person_name", "is empty")
        return None  # nobody lives there yet
    values = _values(row, PERSON)
    if "categories" in values:
        values["categories"] = [_category(text, known) for text in values["categories"]]
    return Person(row["home_code"], row["person_name"], values)


def _category(text: str, known: Known) -> str:
    if text not in known.categories:
        names = "、".join(name for name, code in known.categories.items() if name != code)
        raise FieldError("categories", f"{text[:32]!r} is not in the list of categories: {names}")
    return known.categories[text]


def _contacts(text: str) -> Iterable[Contact]:
    parts = [part for part in map(str.strip, text.split(";")) if part]
    if len(parts) > CONTACTS_MAXIMUM:
        raise FieldError("contacts", f"has {len(parts)} people; {CONTACTS_MAXIMUM} are the most")
    return [_contact(part) for part in parts]


def _contact(part: str) -> Contact:
    items = [item.strip() for item in part.split(":", 5)]  # hours are the last, for they hold colons
    if len(items) < 3 or not all(items[:3]):
        raise FieldError("contacts", f"{part!r} is not role:name:phone, or role:name:phone|phone:relation:key:hours")
    role, name, numbers, relation, key, hours = [*items, "", "", ""][:6]
    phone, *others = [number.strip() for number in numbers.split("|")]
    for item, most in zip((role, name, phone, relation, hours), CONTACT_LONGEST.values(), strict=True):
        _short_enough("contacts", item, most)
    if key not in HOLDS_KEY:
        raise FieldError("contacts", f"{key!r} is not 钥匙, key or nothing: whether {name} holds a key")
    brief = len(items) == 3 and not others
    try:
        if not brief:
            fields.phones([phone, *others])
    except ValueError as error:
        raise FieldError("contacts", str(error)) from None
    return Contact(role, name, phone, others, relation, HOLDS_KEY[key], hours, brief)


def _device(row: dict[str, str], vendors: frozenset[str]) -> Device:
    if row["vendor"] not in vendors:
        raise FieldError("vendor", f"{row['vendor']!r} is not registered; add it with: shouwang vendor add")
    if not SERIAL.fullmatch(row["serial"]):
        raise FieldError("serial", f"{row['serial']!r} is not 1 to 64 of letters, digits and _ . : -")
    if row["type"] not in catalogue.device_types():
        known = ", ".join(catalogue.device_types())
        raise FieldError("type", f"{row['type']!r} is not a device type; known are {known}")
    return Device(row["vendor"], row["serial"], row["type"], row["home_code"], row["room"], _room_kind(row))


def _room_kind(row: dict[str, str]) -> Room:
    said = row.get(ROOM_KIND, "")
    if not said:
        return room_of(row["room"])
    found = [room for room, names in NAMES.items() if said.lower() in (room, *(name.lower() for name in names))]
    if not found:
        raise FieldError(ROOM_KIND, f"{said!r} is none of {', '.join(NAMES)}")
    return found[0]
