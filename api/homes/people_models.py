"""Who lives in a home, whom to call, how to get in: as they are shown, and as registrars write them."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.values import Answer, Id, Request
from registry.fields import PHONE

LINE = r"^[^\x00-\x1f\x7f]*$"
PART = r"^[^\x00-\x1f\x7f:;|]*$"  # of a contact: these separate them in the register file
Line200 = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=LINE)]
Line100 = Annotated[str, StringConstraints(strip_whitespace=True, max_length=100, pattern=LINE)]
Line64 = Annotated[str, StringConstraints(strip_whitespace=True, max_length=64, pattern=LINE)]
Text500 = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=LINE)]
Text2000 = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]*$")
]
Part32 = Annotated[str, StringConstraints(strip_whitespace=True, max_length=32, pattern=PART)]
Part64 = Annotated[str, StringConstraints(strip_whitespace=True, max_length=64, pattern=PART)]
Named32 = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32, pattern=PART)]
Named64 = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=PART)]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, max_length=32, pattern=r"^[^\x00-\x1f\x7f:;|、；]*$")]
CategoryCode = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Ability = Annotated[int, Field(ge=0, le=4, description="GB/T 42195-2022: 0 能力完好 … 4 完全失能")]
SelfCare = Annotated[
    list[bool],
    Field(
        min_length=6, max_length=6,
        description="without help: eats, dresses, gets in and out of bed, uses the toilet, walks indoors, bathes",
    ),
]  # fmt: skip
Born = Annotated[date, Field(ge=date(1880, 1, 1), le=date(2100, 1, 1))]
Day = Annotated[date, Field(ge=date(1990, 1, 1), le=date(2100, 1, 1))]


class Contact(Answer):
    """Somebody to call, in the order of `position`."""

    position: int
    name: str
    role: str
    phone: str = Field(description="the number to call first")
    other_phones: list[str]
    relation: str = Field(description="to who lives there")
    hours: str = Field(description="when they can be reached; empty: always")
    holds_key: bool


class Category(Answer):
    """A kind of hardship by which the bureau serves people."""

    code: str
    zh: str
    en: str


class CategoryItem(Category):
    """One of the list."""

    offered: bool = Field(description="false: withdrawn; who has it keeps it")


class CategoryEdit(Request):
    """A category as a registrar writes it."""

    zh: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32, pattern=LINE)]
    en: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=LINE)]
    position: Annotated[int, Field(ge=0, le=1000)] = 100
    offered: bool = True


class Person(Answer):
    """Who lives there. What the caller's role may not see is null; see `hidden` beside it."""

    id: int
    name: str
    born: date | None
    age: int | None
    sex: Literal["female", "male"] | None
    note: str | None
    phones: list[str] | None
    illnesses: str | None
    medication: str | None
    language: str | None = Field(description="language or dialect")
    categories: list[Category] | None
    ability: Ability | None
    ability_on: date | None = Field(description="when it was assessed")
    self_care: SelfCare | None
    self_care_on: date | None
    spo2_scale: int | None = Field(description="NEWS2: 2 for people who live with little oxygen")
    carer: str | None = Field(description="with whom the agreement on entrusted care (委托照料协议) is")
    carer_since: date | None
    carer_until: date | None


class Door(Answer):
    """What whoever is sent there must know."""

    key_place: str | None = Field(description="where the key is")
    dog: str | None
    latitude: float | None = Field(description="WGS 84, degrees")
    longitude: float | None
    has_photo: bool


class Household(Answer):
    """Who lives in a home, whom to call and how to get in, as far as the caller's role may see it."""

    residents: list[Person] = Field(description="all who live there, in the order of the register")
    contacts: list[Contact]
    door: Door | None = Field(description="none: it is about no home")
    hidden: list[str] = Field(description="what of these the caller's role may not see")


class PersonEdit(Request):
    """Somebody who lives there. A field that is not given stays as it is."""

    id: Id | None = Field(None, description="none: somebody new")
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=LINE)]
    born: Born | None = None
    sex: Literal["female", "male"] | None = None
    note: Text2000 = ""
    phones: list[Phone] = Field([], max_length=5)
    illnesses: Text500 = ""
    medication: Text500 = ""
    language: Line64 = ""
    categories: list[CategoryCode] = Field([], max_length=10)
    ability: Ability | None = None
    ability_on: Day | None = None
    self_care: SelfCare | None = None
    self_care_on: Day | None = None
    spo2_scale: Literal[1, 2] = 1
    carer: Line64 = ""
    carer_since: Day | None = None
    carer_until: Day | None = None


class ContactEdit(Request):
    """Somebody to call; their order is the order of calling."""

    name: Named64
    role: Named32
    phone: Phone
    other_phones: list[Phone] = Field([], max_length=4)
    relation: Part32 = ""
    hours: Annotated[str, StringConstraints(strip_whitespace=True, max_length=64, pattern=r"^[^\x00-\x1f\x7f;]*$")] = ""
    holds_key: bool = False


class HomeEdit(Request):
    """What a registrar changes of a home. A field that is not given stays as it is; lists are whole."""

    revision: Id = Field(description="of the home as it was read; when somebody has changed it since, 409")
    address: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=LINE)] = "-"
    key_place: Line200 = ""
    dog: Line100 = ""
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    residents: list[PersonEdit] = Field([], max_length=10, description="who is not in it is deleted")
    contacts: list[ContactEdit] = Field([], max_length=20)


def is_phone(text: str) -> bool:
    """Whether it can be called."""
    return PHONE.fullmatch(text) is not None
