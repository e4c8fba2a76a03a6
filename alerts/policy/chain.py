"""How a value comes about at one place: default, areas from the widest down, assessment, the home. Pure.

What may be set there is checked here, for the command line and the API alike.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal, NamedTuple, Protocol

from alerts.judging.params import Limit, OutOfBoundsError, limits
from alerts.judging.policy import SWITCH, Settable, may_be_off

QUIET_AT_MOST = timedelta(days=92)  # a quarter: seasons and visits pass, and somebody has looked again; own choice
REVIEW_WITHIN = timedelta(days=366)  # whatever is set is looked at again within a year, as care agreements are
__all__ = ["Assessed", "Layer", "OutOfBoundsError", "Verdict", "Wish", "chains", "check", "settable"]

ON = Limit(1, 0, 1, "", "规则开启", "the rule is on", "higher", "")  # 0 or 1
Origin = Literal["default", "assessment", "area", "home"]


class Given(Protocol):
    """A value that somebody has set; registry.policy_store.Setting has it."""

    @property
    def id(self) -> int: ...
    @property
    def rule(self) -> str: ...
    @property
    def field(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def area_id(self) -> int | None: ...
    @property
    def home_id(self) -> int | None: ...
    @property
    def quieter(self) -> bool: ...


class Layer(NamedTuple):
    """One value, and where it comes from."""

    value: float
    origin: Origin
    source: str = ""  # of an assessment
    setting: int | None = None  # its number, where somebody set it


Assessed = Mapping[tuple[str, str], tuple[float, str]]


def settable(rule: Settable) -> dict[str, Limit]:
    """By name, everything that can be set of a rule: its limits and, but for emergencies, its switch."""
    return {**limits(rule.params), **({SWITCH: ON} if may_be_off(rule) else {})}


def chains(rule: Settable, assessed: Assessed, given: Iterable[Given]) -> dict[str, list[Layer]]:
    """By field, its values from the default on; the last one holds. `given`: the widest area first, the home last.

    A value that was not set as quieter is there only where it makes the rule stricter, as alerts.judging.policy has it.
    """
    known, given = settable(rule), list(given)
    found = {name: [Layer(one.default, "default")] for name, one in known.items()}

    def add(name: str, layer: Layer, *, loosens: bool) -> None:
        bound = known.get(name)
        if bound and bound.takes(layer.value) and (loosens or bound.quieter(found[name][-1].value, layer.value)):
            found[name].append(layer)

    mine = [one for one in given if one.rule == rule.name]
    for one in mine:
        if one.home_id is None:
            add(one.field, Layer(one.value, "area", setting=one.id), loosens=one.quieter)
    for (of, name), (value, source) in assessed.items():
        if of == rule.name:
            add(name, Layer(value, "assessment", source), loosens=False)
    for one in mine:
        if one.home_id is not None:
            add(one.field, Layer(one.value, "home", setting=one.id), loosens=one.quieter)
    return found


class Wish(NamedTuple):
    """What somebody wants to set at a place."""

    area_id: int | None
    home_id: int | None
    field: str
    value: float
    until: datetime | None
    review_at: datetime | None


class Verdict(NamedTuple):
    """It may be set."""

    quieter: bool
    review_at: datetime


def check(rule: Settable, assessed: Assessed, given: Iterable[Given], wish: Wish, now: datetime) -> Verdict:
    """Whether a value may be set where these hold; the one that it takes the place of is left out.

    Raises OutOfBoundsError, which names the bound: of the field itself, of the rule's other values, of the time.
    """
    known = settable(rule)
    bound = known.get(wish.field)
    if bound is None:
        there = "、".join(known) or "-"
        if wish.field == SWITCH:
            raise OutOfBoundsError("紧急类规则不能关闭 (a rule for emergencies can't be switched off)")
        raise OutOfBoundsError(f"这条规则没有 {wish.field}，可以设的有：{there} (no such value; there are: {there})")
    bound.check(wish.value)
    if wish.field == SWITCH and wish.value not in (0, 1):
        raise OutOfBoundsError("开关只能是 0 或 1 (a switch is 0 or 1)")
    mine = wish.area_id, wish.home_id, wish.field
    around = chains(rule, assessed, (one for one in given if (one.area_id, one.home_id, one.field) != mine))
    _in_order(rule.params, around, wish)
    quieter = bound.quieter(wish.value, around[wish.field][-1].value)
    if quieter and (wish.until is None or wish.until > now + QUIET_AT_MOST):
        raise OutOfBoundsError(
            f"放宽或关闭规则须写明何时结束，最长 {QUIET_AT_MOST.days} 天"
            f" (what makes a rule quieter must end, within {QUIET_AT_MOST.days} days)"
        )
    if wish.until is not None and wish.until <= now:
        raise OutOfBoundsError("结束时间已经过去 (its end lies in the past)")
    review = wish.review_at or min(wish.until or now + REVIEW_WITHIN, now + REVIEW_WITHIN)
    if not now < review <= now + REVIEW_WITHIN:
        raise OutOfBoundsError("复核时间须在一年之内 (it is to be looked at again within a year)")
    return Verdict(quieter, review)


def _in_order(params: Any, around: Mapping[str, list[Layer]], wish: Wish) -> None:
    known = limits(params)
    for names in getattr(params, "ORDER", ()):
        for low, high in pairwise(names):
            values = {name: wish.value if name == wish.field else around[name][-1].value for name in (low, high)}
            if wish.field in values and values[low] > values[high]:
                zh = f"{known[low].zh}（{values[low]:g}）不能高于{known[high].zh}（{values[high]:g}）"
                en = f"{known[low].en}, {values[low]:g}, may not be above {known[high].en}, {values[high]:g}"
                raise OutOfBoundsError(f"{zh} ({en})")
