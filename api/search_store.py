"""A search box's text as conditions: every word must be found, in any order, however it is written."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from core import search

NUMBER = re.compile(r"[\d\s()+.-]+")
COUNTRY = re.compile(r"^(\+|00)86")
COUNTED = re.compile(r"(\d)\s+(?=[号栋幢弄室组座楼层门单])")  # 31 号 is one word
PHONE_SHORTEST = 4  # digits: with fewer, half the homes would be found by somebody's number


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it was typed, and as what is stored for searching is written."""

    typed: str
    form: str

    @property
    def is_number(self) -> bool:
        """It may be a part of a telephone number."""
        return self.form.isdecimal() and len(self.form) >= PHONE_SHORTEST

    @property
    def is_spelt(self) -> bool:
        """It may be pinyin."""
        return self.form.isascii() and self.form.isalnum() and not self.form.isdecimal()

    @property
    def begins_with_a_number(self) -> bool:
        """Such as 31号, which is not 131号."""
        return self.form[:1].isdecimal() and not self.form.isdecimal()


def split(text: str) -> list[Word]:
    """The words of a question."""
    plain = COUNTED.sub(r"\1", unicodedata.normalize("NFKC", text).lower())
    return [Word(part, search.form(part)) for part in plain.split()]


def literal(text: str) -> str:
    """`text` for LIKE, where it stands for itself."""
    return text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")


def contains(text: str) -> str:
    """A LIKE pattern for what contains `text` literally."""
    return f"%{literal(text)}%"


def home(text: str, values: dict[str, Any]) -> str:
    """The condition on `home_search s` that a home is found by the whole question; adds its parameters to `values`."""
    all_found = " AND ".join(home_by(word, number, values) for number, word in enumerate(split(text))) or "true"
    number = _number(text)
    if not number or [word.form for word in split(text)] == [number]:  # that one is looked for already
        return f"({all_found})"
    values["phone"] = contains(number)
    return f"({all_found} OR s.phones LIKE %(phone)s)"


def home_by(word: Word, number: int, values: dict[str, Any]) -> str:
    """The same for one word, the `number`th."""
    if not word.form:
        return "false"  # nothing but separators: it stands for nothing that is kept
    name = f"word{number}"
    values[name] = contains(word.form)
    found = f"s.plain LIKE %({name})s"
    if word.begins_with_a_number:
        values[f"{name}_apart"] = f"(^|[^0-9]){re.escape(word.form)}"
        found = f"{found} AND s.plain ~ %({name}_apart)s"
    if word.is_spelt:
        values[f"{name}_spelt"] = f"%|{literal(word.form)}%"
        found = f"{found} OR s.pinyin LIKE %({name}_spelt)s"
    if word.is_number:
        found = f"{found} OR s.phones LIKE %({name})s"
    return f"({found})"


def _number(text: str) -> str:
    """The digits of a telephone number that was typed with blanks or dashes; empty when it is none."""
    plain = unicodedata.normalize("NFKC", text).strip()
    digits = re.sub(r"\D", "", COUNTRY.sub("", plain)) if NUMBER.fullmatch(plain) else ""
    return digits if len(digits) >= PHONE_SHORTEST else ""
