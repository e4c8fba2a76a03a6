"""一氧化碳浓度与暴露时间达到报警条件：立即开窗、撤离、送医。

Carbon monoxide by concentration and time. EN 50291-1 lets a detector alarm at 30 ppm not before 120 min, at 50 ppm
between 60 and 90 min, at 100 ppm between 10 and 40 min, at 300 ppm within 3 min. We take the earliest instant of each
band, and 300 ppm at once, for nobody can be there sooner. Exposure runs while each reading stays above the band and an
hour does not pass without one; an older reading that comes late is judged by its own value only.
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
BACKOFF = None  # never only shown
HISTORY = timedelta(hours=3)  # the longest exposure, with room


@dataclass(frozen=True)
class Params:
    """EN 50291-1: (ppm, minutes of exposure after which the alarm is raised)."""

    bands: tuple[tuple[float, float], ...] = ((30, 120), (50, 60), (100, 10), (300, 0))
    clear_ppm: float = 30.0
    stale_minutes: float = 60.0  # without a newer reading the exposure is not taken to go on; own choice


def _since(fleet: Fleet, band: int) -> NDArray[np.int64]:
    return fleet.scratch("co", f"above band {band} since", len(fleet.column("co")), 0, np.int64)


def _newest(fleet: Fleet) -> NDArray[np.int64]:
    return fleet.scratch("co", "followed up to", len(fleet.column("co")), 0, np.int64)


def _follow(fleet: Fleet, found: Batch, params: Params) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """(which readings stand at the end of a band's time, since when above the first band), one reading after another.

    A burst after an outage brings a peak and its end in one batch. What is older than the newest reading neither
    begins nor ends an exposure: only a band without waiting time is judged by it.
    """
    newest = _newest(fleet)
    since = [_since(fleet, band) for band in range(len(params.bands))]
    reached, begun = np.zeros(len(found), bool), found.ts.copy()
    for at, (slot, ts, value) in enumerate(zip(found.slot, found.ts, found.value, strict=True)):
        stale = ts - newest[slot] >= params.stale_minutes * MINUTE
        for own, (ppm, minutes) in zip(since, params.bands, strict=True):
            if ts >= newest[slot]:
                own[slot] = 0 if not value >= ppm else ts if stale or own[slot] == 0 else own[slot]
                reached[at] |= own[slot] > 0 and ts - own[slot] >= minutes * MINUTE
            else:
                reached[at] |= value >= ppm and minutes == 0
        if ts >= newest[slot]:
            newest[slot], begun[at] = ts, since[0][slot] or ts
    return reached, begun


def observe(fleet: Fleet, batch: Batch, params: Params) -> Findings:
    """Follow the exposure; raise what has reached its band's time, late readings marked."""
    found = batch.of("co")
    reached, begun = _follow(fleet, found, params)
    late = (found.flags & Flag.LATE) != 0
    told = found.where(reached)
    return _found(fleet, told.slot, told.ts, told.value, begun[reached], params, late[reached])


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Exposure reaches its time between two readings; also says where the air is clean."""
    column = fleet.column("co")
    fresh = (column.value >= params.bands[0][0]) & (now - column.ts < params.stale_minutes * MINUTE)
    over = np.zeros(len(column), bool)
    for band, (_, minutes) in enumerate(params.bands):
        since = _since(fleet, band)
        over |= (since > 0) & (now - since >= minutes * MINUTE)
    slots = np.flatnonzero(fresh & over).astype(np.int32)
    clear = ~marked(fleet, column, column.value >= params.clear_ppm)
    return _found(
        fleet, slots, np.full(len(slots), now), column.value[slots], _since(fleet, 0)[slots], params,
        np.zeros(len(slots), bool), clear,
    )  # fmt: skip


def _found(
    fleet: Fleet, slots: NDArray[np.int32], at: NDArray[np.int64], value: NDArray[np.float64],
    begun: NDArray[np.int64], params: Params, late: NDArray[np.bool_], clear: NDArray[np.bool_] | None = None,
) -> Findings:  # fmt: skip
    """The worst of each home."""
    column = fleet.column("co")
    worst = one_per_home(column.home[slots], value)
    slots, at, value, begun, late = slots[worst], at[worst], value[worst], begun[worst], late[worst]

    def show(position: int) -> Evidence:
        row, ppm = int(column.device[slots[position]]), float(value[position])
        minutes = max(0, round(float(at[position] - begun[position]) / MINUTE))
        zh, en = device_names(fleet, row)
        return evidence(
            fleet, row, f"{zh}测得一氧化碳 {ppm:.0f} ppm，超过 30 ppm 已 {minutes} 分钟",
            f"The {en} measures {ppm:.0f} ppm of carbon monoxide; above 30 ppm for {minutes} min",
            metric=metrics()["co"], value=ppm, limit=params.bands[0][0], since=iso(begun[position]),
        )  # fmt: skip

    return Findings.of(
        column.home[slots], at, severity=SEVERITY, evidence=show, device=column.device[slots], late=late,
        score=value, clear=clear,
    )  # fmt: skip
