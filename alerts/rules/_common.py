"""What several rules need: times, who is out, since when we have been watching, and the operator's evidence."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alerts.judging.findings import Evidence, Findings
from alerts.judging.fleet import Batch, Column, Fleet
from core.catalogue import Metric, metric_by_id, metrics
from core.clock import MINUTE, to_datetime
from core.model import Severity
from core.packed import Flag

OUTAGE = 10 * MINUTE  # the whole fleet unheard this long: we were not watching; own choice, twice the gateways' cadence

Homes = NDArray[np.bool_]
Rows = NDArray[np.intp]


def local_hour(fleet: Fleet, now: int) -> int:
    """The hour of day where the homes are."""
    return to_datetime(now).astimezone(fleet.zone).hour


def iso(microseconds: int) -> str:
    """An instant as ISO 8601 UTC."""
    return to_datetime(microseconds).isoformat(timespec="seconds")


def zh_duration(microseconds: float) -> str:
    """A duration as an operator says it."""
    hours, minutes = divmod(round(microseconds / MINUTE), 60)
    return f"{hours} 小时 {minutes} 分" if hours and minutes else f"{hours} 小时" if hours else f"{minutes} 分钟"


def en_duration(microseconds: float) -> str:
    """The same in English."""
    hours, minutes = divmod(round(microseconds / MINUTE), 60)
    return f"{hours} h {minutes} min" if hours and minutes else f"{hours} h" if hours else f"{minutes} min"


def device_names(fleet: Fleet, row: int) -> tuple[str, str]:
    """What the device is called in Chinese and English."""
    kind = fleet.types[int(fleet.device_type[row])]
    return kind.zh, kind.en


def evidence(
    fleet: Fleet, row: int, zh: str, en: str, *, metric: Metric | None = None, value: float | None = None, **more: Any
) -> Evidence:
    """The dictionary that an alert carries: a sentence in each language and the figures behind it."""
    found: Evidence = {"text_zh": zh, "text_en": en, **more}
    if row >= 0:
        found["device"] = int(fleet.device_ids[row])
    if metric is not None:
        found |= {"metric": metric.name, "unit": metric.unit}
    if value is not None:
        found["value"] = round(float(value), 2)
    return found


def one_per_home(home: NDArray[np.int32], badness: NDArray[np.float64]) -> Rows:
    """Of many rows, the worst of each home, as positions in order of the homes."""
    order = np.argsort(-badness, kind="stable")[::-1]  # the worst comes last, and the last assignment stands
    worst = np.full(home.max(initial=-1) + 1, -1, np.intp)
    worst[home[order]] = order
    return worst[worst >= 0]


def marked(fleet: Fleet, column: Column, which: NDArray[np.bool_] | Rows) -> Homes:
    """Homes that have a device which `which` chooses, a mask or rows of the column."""
    homes = np.zeros(len(fleet.home_ids), bool)
    homes[column.home[which]] = True
    return homes


class Report(NamedTuple):
    """What a reading of 1 means: how soon somebody must react, and the sentence, with {} for the device."""

    severity: Severity
    zh: str
    en: str


def reported(fleet: Fleet, batch: Batch, tells: Mapping[str, Report]) -> Findings:
    """A finding for each reading of 1 of these metrics, late ones marked: what a device judges by itself."""
    found = batch.of(*tells)
    found = found.where(found.value > 0)
    names = [metric_by_id()[int(number)].name for number in found.metric]

    def show(position: int) -> Evidence:
        row, name = int(found.device[position]), names[position]
        zh, en = device_names(fleet, row)
        return evidence(
            fleet, row, tells[name].zh.format(zh), tells[name].en.format(en), metric=metrics()[name], value=1,
            since=iso(found.ts[position]),
        )  # fmt: skip

    late = (found.flags & Flag.LATE) != 0
    severity = [tells[name].severity for name in names]
    return Findings.of(found.home, found.ts, severity=severity, evidence=show, device=found.device, late=late)


def night(hour: int, begin: int, end: int) -> bool:
    """Whether an hour of day lies in the night from `begin` to `end`."""
    return hour >= begin or hour < end


def left_home(fleet: Fleet) -> Homes:
    """Homes in which nobody is, for the last sign of life was the door closing.

    A bed or presence sensor that still sees somebody says that the person is in.
    """
    door = fleet.column("door_open")
    last = (door.value == 0) & (door.since > 0) & (fleet.last_life_device[door.home] == door.device)
    away = marked(fleet, door, last) & (fleet.last_life > 0)
    for name in ("presence", "in_bed"):
        seen = fleet.column(name)
        away[seen.home[seen.value == 1]] = False
    return away


def spoken_for(fleet: Fleet, now: int, homes: Rows) -> NDArray[np.int32]:
    """Of `homes`, those in which a device that can show life has been heard within its own time."""
    shows = np.array([any(metric.life for metric in kind.metrics.values()) for kind in fleet.types] or [False])
    device = fleet.devices_of(homes)
    device = device[shows[fleet.device_type[device]]]
    heard = device[now - fleet.last_seen[device] <= fleet.silent_after[device]]
    return np.intersect1d(homes, fleet.device_home[heard]).astype(np.int32)


def watching_since(fleet: Fleet, now: int) -> int:
    """Since when silence means anything: after an outage of our own, only from when we were back (µs, 0: always).

    Rules that judge absence would otherwise find every home silent after a night in which the server was off.
    """
    memory = fleet.scratch("watch", "since, last tick", 2, 0, np.int64)
    if memory[1] == now:  # another rule asked in this tick
        return int(memory[0])
    heard = int(fleet.last_seen.max(initial=0))
    before = max(int(memory[1]), heard) if memory[1] else heard
    if before and now - before > OUTAGE:
        memory[0] = now
    memory[1] = now
    return int(memory[0])
