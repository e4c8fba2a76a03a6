"""一氧化碳浓度与暴露时间达到报警条件：立即开窗、撤离、送医。

Carbon monoxide by concentration and time. EN 50291-1 lets a detector alarm at 30 ppm not before 120 min, at 50 ppm
between 60 and 90 min, at 100 ppm between 10 and 40 min, at 300 ppm within 3 min. We take the earliest instant of each
band, and 300 ppm at once, for nobody can be there sooner. Exposure runs while each reading stays above the band.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from alerts.findings import Evidence, Findings
from alerts.fleet import Batch, Fleet
from alerts.rules._common import MINUTE, device_names, evidence, iso, marked, one_per_home
from core.catalogue import metrics
from core.model import Severity
from core.packed import Flag

TITLE_ZH, TITLE_EN = "一氧化碳", "Carbon monoxide"
SEVERITY = Severity.EMERGENCY
SCENARIO = "fire_gas"
METRICS = ("co",)
CLEAR_AFTER = timedelta(minutes=10)
HISTORY = timedelta(hours=3)  # the longest exposure, with room


@dataclass(frozen=True)
class Params:
    """EN 50291-1: (ppm, minutes of exposure after which the alarm is raised)."""

    bands: tuple[tuple[float, float], ...] = ((30, 120), (50, 60), (100, 10), (300, 0))
    clear_ppm: float = 30.0
    stale_minutes: float = 60.0  # without a newer reading the exposure is not taken to go on; own choice


def _since(fleet: Fleet, band: int) -> NDArray[np.int64]:
    return fleet.scratch("co", f"above band {band} since", len(fleet.column("co")), 0, np.int64)


def observe(fleet: Fleet, batch: Batch, params: Params) -> Findings:
    """Follow the exposure; raise what has reached its band's time, late readings marked."""
    found = batch.of("co")
    for band, (ppm, _) in enumerate(params.bands):
        since = _since(fleet, band)
        for slot, ts, value in zip(found.slot, found.ts, found.value, strict=True):
            if value < ppm:
                since[slot] = 0
            elif since[slot] == 0:
                since[slot] = ts
    if not len(found) or not (found.value >= params.bands[0][0]).any():
        return Findings.none()
    late = (found.flags & Flag.LATE) != 0
    return _judge(fleet, found.slot, found.ts, params, late)


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Exposure reaches its time between two readings; also says where the air is clean."""
    column = fleet.column("co")
    fresh = (column.value >= params.bands[0][0]) & (now - column.ts < params.stale_minutes * MINUTE)
    slots = np.flatnonzero(fresh).astype(np.int32)
    clear = ~marked(fleet, column, column.value >= params.clear_ppm)
    return _judge(fleet, slots, np.full(len(slots), now), params, np.zeros(len(slots), bool), clear)


def _judge(
    fleet: Fleet, slots: NDArray[np.int32], now: NDArray[np.int64], params: Params, late: NDArray[np.bool_],
    clear: NDArray[np.bool_] | None = None,
) -> Findings:  # fmt: skip
    """Findings for the slots whose exposure has lasted long enough in any band."""
    column = fleet.column("co")
    over = np.zeros(len(slots), bool)
    for band, (_, minutes) in enumerate(params.bands):
        since = _since(fleet, band)[slots]
        over |= (since > 0) & (now - since >= minutes * MINUTE)
    chosen = np.flatnonzero(over)
    chosen = chosen[one_per_home(column.home[slots[chosen]], column.value[slots[chosen]])]
    slots, now, late = slots[chosen], now[chosen], late[chosen]
    begun = _since(fleet, 0)[slots]

    def show(position: int) -> Evidence:
        slot = int(slots[position])
        row, value = int(column.device[slot]), float(column.value[slot])
        minutes = max(0, round(float(now[position] - begun[position]) / MINUTE))
        zh, en = device_names(fleet, row)
        return evidence(
            fleet, row, f"{zh}测得一氧化碳 {value:.0f} ppm，超过 30 ppm 已 {minutes} 分钟",
            f"The {en} measures {value:.0f} ppm of carbon monoxide; above 30 ppm for {minutes} min",
            metric=metrics()["co"], value=value, limit=params.bands[0][0], since=iso(begun[position]),
        )  # fmt: skip

    return Findings.of(
        column.home[slots], now, severity=SEVERITY, evidence=show, device=column.device[slots], late=late,
        score=column.value[slots], clear=clear,
    )  # fmt: skip
