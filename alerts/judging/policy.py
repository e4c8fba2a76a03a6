"""What people have set of the rules, as columns: default, then each level of area, then the home. Pure."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import numpy as np

from alerts.judging.findings import Evidence, Findings
from alerts.judging.params import Limit, columns, limits
from core.arrays import F8, I4, Bool
from core.model import Severity

log = logging.getLogger(__name__)

SWITCH = "on"  # the field of every rule by which it is switched off: 0 off, 1 on


class Settable(Protocol):
    """What is asked of a rule."""

    @property
    def name(self) -> str: ...
    @property
    def params(self) -> Any: ...
    @property
    def severity(self) -> Severity: ...


class Own(NamedTuple):
    """A value of one field for some homes. Later ones stand over earlier ones.

    One that `loosens` was set as quieter than what held, with an end; any other only makes the rule stricter,
    whatever is set or assessed around it afterwards.
    """

    field: str
    homes: I4  # rows
    value: float
    loosens: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """One rule's parameters over homes, and the homes in which it is switched off."""

    params: Any
    off: Bool  # [home]
    own: dict[str, F8]  # by field: the value where it is not the default, NaN elsewhere

    def kept(self, findings: Findings) -> Findings:
        """Without the homes in which the rule is off; evidence says by which own values it was judged."""
        if self.off.any() and len(findings):
            findings = findings.where(~self.off[findings.home])
        if not self.own or not len(findings):
            return findings

        def show(position: int) -> Evidence:
            home = int(findings.home[position])
            shown = findings.evidence(position)
            mine = {name: float(column[home]) for name, column in self.own.items() if not np.isnan(column[home])}
            return {**shown, "policy": mine, **self._words(mine)} if mine else shown

        return replace(findings, evidence=show)

    def _words(self, mine: dict[str, float]) -> Evidence:
        known = limits(self.params)
        return {
            "policy_zh": "，".join(f"{known[name].zh} {value:g} {known[name].unit}" for name, value in mine.items()),
            "policy_en": ", ".join(f"{known[name].en} {value:g} {known[name].unit}" for name, value in mine.items()),
        }


def may_be_off(rule: Settable) -> bool:
    """Whether a rule can be switched off: never SOS, fall, fire, gas, CO or the watch over ourselves."""
    return rule.severity is not Severity.EMERGENCY


def resolved(rule: Settable, homes: int, own: Iterable[Own]) -> Policy:
    """What holds in each home. What does not fit the rule any more, since an upgrade, is left out, and the log says so.

    Values of one home that contradict each other (a clearing level beyond its alarm level would end an alert while
    its condition holds) are moved to where the rule judges sooner; whoever sets such a value is refused it.
    """
    known, default = limits(rule.params), columns(rule.params, homes)
    off, values = np.zeros(homes, bool), dict[str, F8]()
    for one in own:
        bound = known.get(one.field)
        if one.field == SWITCH and may_be_off(rule):
            off[one.homes] = one.value == 0 and (one.loosens | off[one.homes])
        elif bound and bound.takes(one.value):
            column = values.setdefault(one.field, getattr(default, one.field).copy())
            column[one.homes] = one.value if one.loosens else bound.stricter(column[one.homes], one.value)
        else:
            log.warning("%s does not take %s = %g and judges without it", rule.name, one.field, one.value)
    for names in getattr(rule.params, "ORDER", ()):
        if not values.keys().isdisjoint(names):
            values |= _in_order(known, {name: values.get(name, getattr(default, name)) for name in names})
    for column in values.values():
        column.flags.writeable = False
    said = {name: np.where(column == known[name].default, np.nan, column) for name, column in values.items()}
    return Policy(replace(default, **values), off, {name: one for name, one in said.items() if not np.isnan(one).all()})


def _in_order(known: Mapping[str, Limit], chain: dict[str, F8]) -> dict[str, F8]:
    """The same values, so that none is above the next: moved up or down, as each judges sooner."""
    found, pairs = {name: column.copy() for name, column in chain.items()}, list(pairwise(chain))
    for low, high in pairs:
        if known[high].sooner == "higher":
            np.maximum(found[high], found[low], out=found[high])
    for low, high in reversed(pairs):
        if known[low].sooner == "lower":
            np.minimum(found[low], found[high], out=found[low])
    return found
