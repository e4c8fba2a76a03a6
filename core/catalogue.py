"""The catalogue of metrics and device types, read from the TOML files beside this module."""

import re
import tomllib
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Self

from core.rooms import Room

# Said of every device, whatever its type: its MQTT status and Last Will; that an emergency of it could not be read.
EVERY_DEVICE = ("online", "unreadable")


class CatalogueError(ValueError):
    """An entry of the catalogue is wrong; the message names the file and what to mend."""


class Kind(StrEnum):
    """What sort of quantity a metric is."""

    EVENT = "event"  # something happened
    BINARY = "binary"  # a condition holds or not
    LEVEL = "level"  # a quantity now
    COUNTER = "counter"  # a quantity that only grows


class Life(StrEnum):
    """What in a metric shows that somebody is alive and about."""

    NONZERO = "nonzero"  # a value other than 0 arrives
    CHANGE = "change"  # 0 becomes 1 or 1 becomes 0
    RISE = "rise"  # the counter grows


@dataclass(frozen=True, slots=True)
class Metric:
    """One measurable thing. `low` and `high` bound what is physically plausible, in `unit`."""

    name: str
    id: int
    zh: str
    en: str
    kind: Kind
    unit: str
    unit_zh: str  # the same as people say it
    low: float
    high: float
    urgent_from: float | None = None
    life: Life | None = None


@dataclass(frozen=True, slots=True)
class Simulated:
    """How simulated homes have a kind of terminal: the share of homes with one, where it hangs, what it says.

    `signal` names a function of device_sim/signals.py; `steady` needs none: at its cadence it says 0 of each metric in
    `quiet`, and of each in `levels` a value around (mean, spread).
    """

    signal: str
    share: float
    room: Room
    vendor: str
    quiet: tuple[str, ...]
    levels: MappingProxyType[str, tuple[float, float]]

    @classmethod
    def parse(cls, entry: dict[str, Any]) -> Self:
        """From the table [simulator]; raises KeyError or ValueError on what is wrong."""
        levels = {name: (float(mean), float(spread)) for name, (mean, spread) in entry.get("levels", {}).items()}
        return cls(
            entry["signal"], float(entry.get("share", 1)), Room(entry.get("room", Room.UNKNOWN)), entry["vendor"],
            tuple(entry.get("quiet", ())), MappingProxyType(levels),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class DeviceType:
    """A kind of terminal: what it measures, how often it reports, when its silence counts."""

    code: str
    zh: str
    en: str
    cadence: timedelta
    silent_after: timedelta
    metrics: MappingProxyType[str, Metric]
    simulated: Simulated | None  # None: never part of a simulated home
    format: str | None = None  # overrides the vendor's payload format

    @classmethod
    def parse(cls, code: str, entry: dict[str, Any], metrics: MappingProxyType[str, Metric]) -> Self:
        """Build from one TOML document; raises CatalogueError when it is wrong."""
        try:
            own = {name: _narrowed(metrics[name], over) for name, over in entry["metrics"].items()}
            return cls(
                code=code,
                zh=entry["zh"],
                en=entry["en"],
                cadence=timedelta(seconds=entry["cadence"]),
                silent_after=duration(entry["silent_after"]),
                metrics=MappingProxyType(own),
                simulated=Simulated.parse(entry["simulator"]) if "simulator" in entry else None,
                format=entry.get("format"),
            )
        except KeyError as error:
            raise CatalogueError(f"device_types/{code}.toml: {error} is missing or unknown") from error
        except (TypeError, ValueError) as error:
            raise CatalogueError(f"device_types/{code}.toml: {error}") from error


def _narrowed(metric: Metric, over: dict[str, Any]) -> Metric:
    low, high = over.get("range", (metric.low, metric.high))
    if low < metric.low or high > metric.high:
        raise CatalogueError(f"{metric.name}: range {low}..{high} is wider than {metric.low}..{metric.high}")
    return replace(metric, low=low, high=high)


def duration(text: str) -> timedelta:
    """`90s`, `30m`, `26h` or `8d` as a timedelta; raises CatalogueError otherwise."""
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if not match:
        raise CatalogueError(f"{text!r} is not a duration such as 90s, 30m, 26h or 8d")
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[match[2]]
    return timedelta(**{unit: int(match[1])})


def _toml(*path: str) -> dict[str, Any]:
    return tomllib.loads(files("core").joinpath(*path).read_text(encoding="utf-8"))


@cache
def _type_files() -> MappingProxyType[str, dict[str, Any]]:
    """The TOML document of each device type, by code."""
    names = sorted(f.name for f in files("core").joinpath("device_types").iterdir() if f.name.endswith(".toml"))
    return MappingProxyType({name.removesuffix(".toml"): _toml("device_types", name) for name in names})


@cache
def metrics() -> MappingProxyType[str, Metric]:
    """Every metric by name: those of metrics.toml, and those that a device type brings with it (`id` says so)."""
    entries = [("metrics.toml", name, entry) for name, entry in _toml("metrics.toml").items()] + [
        (f"device_types/{code}.toml", name, entry)
        for code, document in _type_files().items()
        for name, entry in document.get("metrics", {}).items()
        if "id" in entry
    ]
    found: dict[str, Metric] = {}
    for file, name, entry in entries:
        metric = _metric(file, name, entry)
        if name in found:
            raise CatalogueError(f"{file}: metric {name} is defined twice")
        if taken := next((one.name for one in found.values() if one.id == metric.id), None):
            free = max(other["id"] for _, _, other in entries) + 1
            raise CatalogueError(f"{file}: {name} has id {metric.id}, which {taken} has too; {free} is free")
        found[name] = metric
    return MappingProxyType(found)


def _metric(file: str, name: str, entry: dict[str, Any]) -> Metric:
    try:
        return Metric(
            name=name,
            id=entry["id"],
            zh=entry["zh"],
            en=entry["en"],
            kind=Kind(entry["kind"]),
            unit=entry["unit"],
            unit_zh=entry.get("unit_zh", entry["unit"]),
            low=float(entry["range"][0]),
            high=float(entry["range"][1]),
            urgent_from=entry.get("urgent_from"),
            life=Life(entry["life"]) if "life" in entry else None,
        )
    except (KeyError, ValueError) as error:
        raise CatalogueError(f"{file}: metric {name}: {error} is missing or unknown") from error


@cache
def metric_by_id() -> MappingProxyType[int, Metric]:
    """Every metric by the id that readings store."""
    return MappingProxyType({metric.id: metric for metric in metrics().values()})


@cache
def device_types() -> MappingProxyType[str, DeviceType]:
    """Every device type by code, one per file in device_types/."""
    return MappingProxyType({code: DeviceType.parse(code, entry, metrics()) for code, entry in _type_files().items()})
