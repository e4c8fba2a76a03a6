"""Who lives in a home, whom to call and how to get in, as far as the caller's role may see it."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from psycopg import Connection

from api.homes.people_models import Category, Contact, Door, Household, Person
from registry import access_store, fields
from registry import people_store as people

NOBODY = Household(residents=[], contacts=[], door=None, hidden=[])  # of what is about no home


def tell(conn: Connection, account_id: int, home_id: int, sees: Collection[str], now: datetime) -> Household:
    """The people of a home in the caller's area; what is read of numbers and illnesses goes into the access log.

    `sees` are the caller's permissions; `now` is local, for the age.
    """
    found = people.people_of(conn, home_id) if fields.SEEN in sees else []
    called = people.contacts(conn, home_id) if fields.CONTACTS in sees else []
    door = people.door(conn, home_id)
    read = fields.told(fields.HOME, door, sees).union(*(fields.told(fields.PERSON, row, sees) for row in found))
    access_store.write(conn, account_id, home_id, read | ({"contacts"} if called else set()), now)
    shown = frozenset(fields.visible((*fields.HOME, *fields.PERSON), sees))
    names = {code: Category(code=code, zh=zh, en=en) for code, zh, en, _ in people.category_rows(conn)}
    hidden = [one.name for one in (*fields.HOME, *fields.PERSON) if one.name not in shown]
    return Household(
        residents=[_person(row, shown, names, now.date()) for row in found],
        contacts=[Contact(position=number, **row) for number, row in enumerate(called, 1)],
        door=Door.model_validate(_seen(door, {*shown, "has_photo"})),
        hidden=hidden + ([] if fields.CONTACTS in sees else ["contacts"]),
    )


def _person(row: dict[str, Any], shown: Collection[str], names: dict[str, Category], today: date) -> Person:
    seen = _seen(row, {*shown, "id", "name"})
    if seen["categories"] is not None:
        seen["categories"] = [names[code] for code in seen["categories"]]
    return Person.model_validate({**seen, "age": _age(row["born"], today)})


def _seen(row: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value if name in names else None for name, value in row.items()}


def _age(born: date | None, today: date) -> int | None:
    return None if born is None else today.year - born.year - ((today.month, today.day) < (born.month, born.day))
