"""Simulated incidents, one module each, found by discovery.

An incident is a module with a docstring, `EXPECT` (the rules that should raise), `WITHIN` (seconds), `NEEDS` (a device
type the home must have) and `unfold(home, random) -> Script`: what the home's devices say, in seconds from its begin.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from random import Random
from types import MappingProxyType
from typing import Protocol

from device_sim.fleet import Home


@dataclass(frozen=True, slots=True)
class Say:
    """A device of the home publishes values `after` seconds from the begin; `clock` shifts the time it claims."""

    after: float
    type: str
    values: Mapping[str, float]
    clock: float = 0.0
    raw: bytes | None = None  # sent as it is, instead of values


@dataclass(frozen=True, slots=True)
class Script:
    """How an incident unfolds: what is said, and which devices say nothing of their own for how many seconds.

    What is unplugged is silent too, and its connection breaks, so that the broker publishes its Last Will.
    """

    say: tuple[Say, ...] = ()
    mute: Mapping[str, float] = field(default_factory=dict)
    unplug: Mapping[str, float] = field(default_factory=dict)


class Incident(Protocol):
    """What an incident module holds."""

    EXPECT: tuple[str, ...]
    WITHIN: float
    NEEDS: str

    def unfold(self, home: Home, random: Random) -> Script:
        """How it goes in this home."""


@cache
def discover() -> MappingProxyType[str, Incident]:
    """Every incident by name; an incomplete module stops the start."""
    found: dict[str, Incident] = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for needed in ("EXPECT", "WITHIN", "NEEDS", "unfold", "__doc__"):
            if getattr(module, needed, None) is None:
                raise ImportError(f"{module.__file__}: an incident needs {needed}")
        found[info.name] = module
    return MappingProxyType(found)
