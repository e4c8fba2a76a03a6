"""What can be set of a rule: each scalar field of its `Params` is a column over homes, within bounds. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np

from core.arrays import F8

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

P = TypeVar("P", bound="DataclassInstance")


class OutOfBoundsError(ValueError):
    """A value that a rule does not take; the message names the bound and where it comes from, in both languages."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that can be set: its default, its bounds (both included) and what it is called."""

    default: float
    least: float
    most: float
    unit: str
    zh: str
    en: str
    sooner: Literal["lower", "higher"]  # which way the rule judges sooner
    source: str  # where default and bounds come from; "" they are our own choice

    def takes(self, value: float) -> bool:
        """Whether a value lies within the bounds; NaN does not."""
        return self.least <= value <= self.most

    def check(self, value: float) -> None:
        """Raises OutOfBoundsError where the rule does not take that value."""
        if self.takes(value):
            return
        source = (f"（{self.source}）", f" ({self.source})") if self.source else ("", "")
        bounds = f"{self.least:g}–{self.most:g} {self.unit}".rstrip()
        raise OutOfBoundsError(
            f"{self.zh}只能在 {bounds} 之间{source[0]}，不能是 {value:g}"
            f" ({self.en} may be {bounds}{source[1]}, not {value:g})"
        )

    def quieter(self, value: float, other: float) -> bool:
        """Whether a rule with `value` judges later, or in fewer cases, than with `other`."""
        return value > other if self.sooner == "lower" else value < other

    def stricter(self, values: F8, value: float) -> F8:
        """Of each of these and one value, that which judges sooner."""
        return np.minimum(values, value) if self.sooner == "lower" else np.maximum(values, value)


def limit(
    default: float, least: float, most: float, unit: str, zh: str, en: str, *,
    sooner: Literal["lower", "higher"], source: str = "",
) -> Any:  # fmt: skip
    """A field of a rule's `Params`, annotated as F8: inside the rule it is a column, one value per home.

    Where default and bound are a standard's figure, `source` names it and the bound is that figure: such a value can
    only be made stricter. Raises ValueError where the default lies outside its own bounds.
    """
    made = Limit(default, least, most, unit, zh, en, sooner, source)
    made.check(default)
    return field(default=default, metadata={"limit": made})


def limits(params: "DataclassInstance") -> Mapping[str, Limit]:
    """By name, what can be set of a rule."""
    return _limits(type(params))


@cache
def _limits(kind: Any) -> Mapping[str, Limit]:
    return MappingProxyType({one.name: one.metadata["limit"] for one in fields(kind) if "limit" in one.metadata})


def columns(params: P, homes: int) -> P:
    """The same parameters with each limit as a column of its default, read-only, for so many homes."""
    values = {name: _same(one.default, homes) for name, one in limits(params).items()}
    return replace(params, **values)


def _same(value: float, homes: int) -> F8:
    return np.broadcast_to(np.float64(value), (homes,))
