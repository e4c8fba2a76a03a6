"""Detector rules, one module each, found by discovery. They are pure: numpy columns and `now` in, findings out.

A rule module holds a docstring in the operators' words (what to do, what it sees, its limits with their sources, when
it ends), the same in Chinese as `ABOUT_ZH`, `TITLE_ZH`, `TITLE_EN`, `SEVERITY`, `SCENARIO`, `METRICS`, `CLEAR_AFTER`, a
frozen dataclass `Params` (each number a `limit` with its bounds: inside the rule it is a column, one value per home,
for a home may have its own), and `observe(fleet, batch, params)` for what arrives and/or
`tick(fleet, now, params)` for what lasts or fails to arrive. `HISTORY` asks that stored readings that far back are
observed again at the engine's start, so that the rule's memory is rebuilt. `RAISED_BY` names another program that
raises the alert in place of the engine.

A rule asks the fleet for columns, one row per device that measures a metric: `fleet.column("motion")` has `device`,
`home` and `room` (rows and places), `value`, `ts`, `since` (how long it has been zero or not) and `seen`.
`column.in_room(Room.BATHROOM)` chooses rows by the room they hang in, which is UNKNOWN where nobody has said.

How an alert ends is declared: `CLEAR_AFTER` is how long its condition must be clear (`tick` says where), or None: a
mere event, which a person closes. `RECOVERS`: the alert ends with its condition, of whatever severity it is and whoever
has answered it; where it is not said, a person closes it. `BACKOFF` is the ladder that answers climb while the
condition goes on (alerts/lifecycle/backoff.py); None, as where it is not said: raised again after the same pause for as
long as it holds.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from datetime import timedelta
from functools import cache
from types import MappingProxyType, ModuleType
from typing import Any

from alerts.judging.findings import Findings
from alerts.judging.fleet import Batch, Fleet
from alerts.judging.params import columns
from alerts.lifecycle.backoff import LONGEST, Backoff
from alerts.lifecycle.states import CALLS
from core.catalogue import EVERY_DEVICE, DeviceType, metrics
from core.model import Severity

NEEDED = ("TITLE_ZH", "TITLE_EN", "ABOUT_ZH", "SEVERITY", "SCENARIO", "METRICS", "CLEAR_AFTER", "Params")
SCENARIOS = ("fire_gas", "health", "activity", "security", "environment", "device")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule module as the engine sees it. `severity` is what its findings start from."""

    name: str
    title_zh: str
    title_en: str
    about_zh: str  # a line each: what to do, what it sees, its limits, when it ends
    about_en: str
    severity: Severity
    scenario: str
    metrics: tuple[str, ...]
    clear_after: timedelta | None
    backoff: Backoff | None
    recovers: bool
    history: timedelta
    params: Any
    observe: Callable[[Fleet, Batch, Any], Findings] | None
    tick: Callable[[Fleet, int, Any], Findings] | None

    def over(self, fleet: Fleet) -> Any:
        """The default parameters as columns over a fleet's homes: what `observe` and `tick` are given."""
        return columns(self.params, len(fleet.home_ids))


def load(module: ModuleType) -> Rule:
    """A checked rule; raises ImportError that names what the module lacks."""
    name = module.__name__.rsplit(".", 1)[-1]
    missing = [need for need in NEEDED if not hasattr(module, need)]
    if missing or not module.__doc__:
        raise ImportError(f"alerts/rules/{name}.py: a rule needs {', '.join(missing) or 'a docstring'}")
    observe, tick = getattr(module, "observe", None), getattr(module, "tick", None)
    if observe is None and tick is None and not hasattr(module, "RAISED_BY"):
        raise ImportError(f"alerts/rules/{name}.py: a rule needs observe or tick, or RAISED_BY")
    unknown = set(module.METRICS) - set(metrics())
    if unknown or module.SCENARIO not in SCENARIOS or not _is_params(module.Params):
        raise ImportError(f"alerts/rules/{name}.py: METRICS, SCENARIO or Params is not valid {sorted(unknown)}")
    if tick and module.CLEAR_AFTER is None:
        raise ImportError(f"alerts/rules/{name}.py: what lasts ends, so a rule with tick needs a CLEAR_AFTER")
    backoff = getattr(module, "BACKOFF", None)
    if backoff and (module.CLEAR_AFTER is None or module.SEVERITY is Severity.EMERGENCY or backoff.longest > LONGEST):
        raise ImportError(f"alerts/rules/{name}.py: BACKOFF is for what lasts, is no emergency, and up to {LONGEST}")
    recovers = getattr(module, "RECOVERS", False)
    if recovers and (module.CLEAR_AFTER is None or module.SEVERITY in CALLS):
        raise ImportError(f"alerts/rules/{name}.py: RECOVERS is for what lasts and can wait for hours")
    return Rule(
        name=name, title_zh=module.TITLE_ZH, title_en=module.TITLE_EN,
        about_zh=module.ABOUT_ZH, about_en=_lines(module), severity=Severity(module.SEVERITY),
        scenario=module.SCENARIO, metrics=tuple(module.METRICS), clear_after=module.CLEAR_AFTER, backoff=backoff,
        recovers=recovers, history=getattr(module, "HISTORY", timedelta()), params=module.Params(), observe=observe,
        tick=tick,
    )  # fmt: skip


def _lines(module: ModuleType) -> str:
    """The docstring with a line for each paragraph."""
    return "\n".join(" ".join(part.split()) for part in (inspect.getdoc(module) or "").split("\n\n"))


def _is_params(value: object) -> bool:
    return isinstance(value, type) and is_dataclass(value)


@cache
def discover() -> MappingProxyType[str, Rule]:
    """Every rule by name; a module that is broken or incomplete stops the start."""
    names = [info.name for info in pkgutil.iter_modules(__path__) if not info.name.startswith("_")]
    return MappingProxyType({name: load(importlib.import_module(f"{__name__}.{name}")) for name in sorted(names)})


def rules_of(kind: DeviceType) -> list[str]:
    """The names of the rules that read what a device type says."""
    said = {*kind.metrics, *EVERY_DEVICE}
    return [name for name, rule in discover().items() if said.intersection(rule.metrics)]
