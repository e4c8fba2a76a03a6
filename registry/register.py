"""Reads a register of homes and devices (CSV) and says precisely, row by row, what is wrong with it."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TextIO

from core import canary, catalogue
from core.rooms import NAMES, Room, room_of

COLUMNS = (
    "home_code", "area_path", "area_names", "address", "person_name", "born", "sex", "spo2_scale", "contacts",
    "vendor", "serial", "type", "room",
)  # fmt: skip
ROOM_KIND = "room_kind"  # may be left out: what `room` means is read from its words
AREA_PATH = re.compile(r"[A-Za-z0-9_]{1,64}(\.[A-Za-z0-9_]{1,64}){3}")
SERIAL = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
LONGEST = {"home_code": 64, "address": 200, "person_name": 64, "room": 64, "contacts": 2700}  # characters
OTHERS_LONGEST = 300
AREA_NAME_LONGEST = 64
CONTACTS_MAXIMUM = 20
CONTACT_LONGEST = {"role": 32, "name": 64, "phone": 32}
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
SEXES = {"": None, "female": "female", "male": "male", "女": "female", "男": "male"}


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing to mend: the row as a spreadsheet counts it (the header is row 1), the column, and why."""

    row: int
    column: str
    message: str

    def __str__(self) -> str:
        return f"row {self.row}, {self.column}: {self.message}"


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody to call; the order in the file is the order of calling."""

    role: str
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Home:
    """One home and the person in it."""

    code: str
    area_path: str
    area_names: tuple[str, ...]
    address: str
    person_name: str
    born: date | None
    sex: str | None
    spo2_scale: int
    contacts: tuple[Contact, ...]


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
    devices: dict[tuple[str, str], Device] = field(default_factory=dict)
    errors: list[RowError] = field(default_factory=list)


class FieldError(ValueError):
    """A field of a row is wrong."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


def read(file: TextIO, vendors: Iterable[str]) -> Register:
    """Parse the whole file, collecting every error; `vendors` are the codes that exist."""
    register = Register()
    rows = csv.DictReader(file)
    try:
        _read(register, rows, frozenset(vendors))
    except csv.Error as error:  # such as a field of more than 131,072 characters: a quote that is not closed
        register.errors.append(RowError(rows.line_num + 1, "unreadable", str(error)))
    return register


def _read(register: Register, rows: "csv.DictReader[str]", vendors: frozenset[str]) -> None:
    missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
    if missing:
        register.errors.append(RowError(1, missing[0], f"the header lacks {', '.join(missing)}"))
        return
    for row in rows:
        try:
            _take(register, {key: (row.get(key) or "").strip() for key in (*COLUMNS, ROOM_KIND)}, vendors)
        except FieldError as error:
            register.errors.append(RowError(rows.line_num, error.column, str(error)))


def _take(register: Register, row: dict[str, str], vendors: frozenset[str]) -> None:
    _bounded(row)
    home = _home(row)
    known = register.homes.setdefault(home.code, home)
    if known != home:
        names = ("area_path", "area_names", "address", "person_name", "born", "sex", "spo2_scale", "contacts")
        differs = next(name for name in names if getattr(known, name) != getattr(home, name))
        raise FieldError(differs, f"differs from an earlier row of home {home.code}")
    if not any(row[column] for column in ("vendor", "serial", "type")):
        return  # a home without devices yet
    device = _device(row, vendors)
    if register.devices.setdefault((device.vendor, device.serial), device) != device:
        raise FieldError("serial", f"{device.vendor} {device.serial} stands in an earlier row with other data")


def _bounded(row: dict[str, str]) -> None:
    for column, text in row.items():
        if CONTROL.search(text):
            raise FieldError(column, "holds a line break or another control character")
        _short_enough(column, text, LONGEST.get(column, OTHERS_LONGEST))


def _short_enough(column: str, text: str, most: int) -> None:
    if len(text) > most:
        raise FieldError(column, f"{text[:20]!r}… has {len(text)} characters; {most} are the most")


def _home(row: dict[str, str]) -> Home:
    for column in ("home_code", "address", "person_name"):
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
    if row["sex"] not in SEXES:
        raise FieldError("sex", f"{row['sex']!r} is none of 女, 男, female, male")
    if row["spo2_scale"] not in ("", "1", "2"):
        raise FieldError("spo2_scale", f"{row['spo2_scale']!r} is not 1 or 2 (NEWS2 oxygen scale)")
    return Home(
        row["home_code"], row["area_path"], names, row["address"], row["person_name"], _born(row["born"]),
        SEXES[row["sex"]], int(row["spo2_scale"] or 1), tuple(_contacts(row["contacts"])),
    )  # fmt: skip


def _born(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise FieldError("born", f"{text!r} is not a date such as 1941-03-09") from error


def _contacts(text: str) -> Iterable[Contact]:
    parts = [part for part in map(str.strip, text.split(";")) if part]
    if len(parts) > CONTACTS_MAXIMUM:
        raise FieldError("contacts", f"has {len(parts)} people; {CONTACTS_MAXIMUM} are the most")
    for part in parts:
        fields = [item.strip() for item in part.split(":")]
        if len(fields) != 3 or not all(fields):
            raise FieldError("contacts", f"{part!r} is not role:name:phone")
        for item, most in zip(fields, CONTACT_LONGEST.values(), strict=True):
            _short_enough("contacts", item, most)
        yield Contact(*fields)


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
    said = row[ROOM_KIND]
    if not said:
        return room_of(row["room"])
    found = [room for room, names in NAMES.items() if said.lower() in (room, *(name.lower() for name in names))]
    if not found:
        raise FieldError(ROOM_KIND, f"{said!r} is none of {', '.join(NAMES)}")
    return found[0]
