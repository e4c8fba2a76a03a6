"""What operators call each rule; asked of the rules themselves."""

from functools import cache
from types import MappingProxyType
from typing import NamedTuple

from alerts.rules import discover


class Title(NamedTuple):
    """A rule's name in both languages."""

    zh: str
    en: str


@cache
def titles() -> MappingProxyType[str, Title]:
    """Every rule's title by its name."""
    return MappingProxyType({name: Title(rule.title_zh, rule.title_en) for name, rule in discover().items()})


def title(rule: str) -> Title:
    """A rule's title; its name where the rule is no longer there but its old alerts are."""
    return titles().get(rule, Title(rule, rule))
