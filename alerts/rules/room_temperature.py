"""室温过低或过高：检查取暖或通风，必要时安排上门。

A room is too cold or too hot for half an hour. 18 °C is the least that WHO's Housing and Health Guidelines (2018) ask
for; below 16 °C breathing suffers and below 12 °C blood pressure rises (WHO 1987, Collins 1986), so 16 raises attention
and 12 urgency. 35 °C is where China's high-temperature warning begins (yellow, CMA), 38 is our own choice of urgency.
Clears at 17 and 33 °C.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from alerts.backoff import Backoff
from alerts.findings import Evidence, Findings
from alerts.fleet import Batch, Fleet
from alerts.rules._common import HOUR, MINUTE, device_names, evidence, iso, marked, one_per_home
from core.catalogue import metrics
from core.model import Severity

TITLE_ZH, TITLE_EN = "室温异常", "Room too cold or too hot"
SEVERITY = Severity.ATTENTION
SCENARIO = "environment"
METRICS = ("temperature",)
CLEAR_AFTER = timedelta(minutes=15)
BACKOFF = Backoff()
HISTORY = timedelta(hours=2)
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Params:
    """Degrees Celsius, minutes and hours."""

    cold: float = 16
    very_cold: float = 12
    hot: float = 35
    very_hot: float = 38
    clear_cold: float = 17
    clear_hot: float = 33
    sustained_minutes: float = 30
    fresh_hours: float = 4


def _since(fleet: Fleet) -> NDArray[np.int64]:
    return fleet.scratch("room_temperature", "outside since", len(fleet.column("temperature")), 0, np.int64)


def _inside(fleet: Fleet) -> NDArray[np.int64]:
    return fleet.scratch("room_temperature", "last inside at", len(fleet.column("temperature")), 0, np.int64)


def observe(fleet: Fleet, batch: Batch, params: Params) -> Findings:
    """Remember since when each room has been outside; `tick` judges how long."""
    found = batch.of("temperature")
    since, inside = _since(fleet), _inside(fleet)
    outside = (found.value < params.cold) | (found.value >= params.hot)
    np.maximum.at(inside, found.slot[~outside], found.ts[~outside])
    touched = np.unique(found.slot)
    begun = np.where((since > inside) & (since > 0), since, NEVER)
    lasts = outside & (found.ts > inside[found.slot])  # a burst may bring the cold and its end at once, or late
    np.minimum.at(begun, found.slot[lasts], found.ts[lasts])
    since[touched] = np.where(begun[touched] == NEVER, 0, begun[touched])
    return Findings.none()


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Homes with a room that has been outside for long enough."""
    column, since = fleet.column("temperature"), _since(fleet)
    lasting = (since > 0) & (now - since >= params.sustained_minutes * MINUTE)
    slots = np.flatnonzero(lasting & (now - column.ts < params.fresh_hours * HOUR))
    slots = slots[one_per_home(column.home[slots], np.abs(column.value[slots] - 22))]
    value = column.value[slots]
    severe = (value < params.very_cold) | (value >= params.very_hot)

    def show(position: int) -> Evidence:
        slot = int(slots[position])
        row, degrees = int(column.device[slot]), float(column.value[slot])
        cold = degrees < params.cold
        zh, en = ("过冷", "too cold") if cold else ("过热", "too hot")
        name = device_names(fleet, row)[0]
        return evidence(
            fleet, row, f"室温 {degrees:.1f} °C，{zh}（{name}）", f"The room is at {degrees:.1f} °C: {en}",
            metric=metrics()["temperature"], value=degrees, limit=params.cold if cold else params.hot,
            since=iso(since[slot]),
        )  # fmt: skip

    severity = [Severity.URGENT if bad else SEVERITY for bad in severe]
    outside = (column.value < params.clear_cold) | (column.value >= params.clear_hot)
    return Findings.of(
        column.home[slots], since[slots], severity=severity, evidence=show, device=column.device[slots],
        score=np.abs(value - 22), value=value, clear=~marked(fleet, column, outside),
    )  # fmt: skip
