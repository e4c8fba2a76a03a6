"""Writes the register as a file that `register` reads back: the whole of it, or of an area."""

import csv
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, NamedTuple, TextIO

from registry.fields import HOME, PERSON
from registry.register import COLUMNS, OPTIONAL

KEY = "钥匙"


class Entry(NamedTuple):
    """One home with all that belongs to it, each as the database names its columns."""

    home: dict[str, Any]
    people: list[dict[str, Any]]
    contacts: list[dict[str, Any]]
    devices: list[dict[str, Any]]


def write(entries: Iterator[Entry], file: TextIO) -> int:
    """CSV with a row for each device, or person, of a home; how many rows."""
    writer = csv.DictWriter(file, (*COLUMNS, *OPTIONAL))
    writer.writeheader()
    count = 0
    for entry in entries:
        for row in _rows(entry):
            writer.writerow(row)
            count += 1
    return count


def _rows(entry: Entry) -> Iterator[dict[str, str]]:
    home = {name: str(entry.home[name]) for name in ("home_code", "area_path", "area_names", "address")}
    home |= {field.name: field.write(entry.home[field.name]) for field in HOME}
    home["contacts"] = ";".join(map(_contact, entry.contacts))
    people = [_person(one) for one in entry.people] or [{}]
    for person, device in zip_longest(people, entry.devices or [{}]):
        yield home | (people[-1] if person is None else person) | (device or {})


def _person(person: dict[str, Any]) -> dict[str, str]:
    return {"person_name": person["name"], **{field.name: field.write(person[field.name]) for field in PERSON}}


def _contact(contact: dict[str, Any]) -> str:
    numbers = "|".join([contact["phone"], *contact["other_phones"]])
    said = [contact["role"], contact["name"], numbers]
    more = [contact["relation"], KEY if contact["holds_key"] else "", contact["hours"]]
    return ":".join(said + more)
