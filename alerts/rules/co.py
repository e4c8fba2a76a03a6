"""What to do: Call at once: everybody leaves, opens windows on the way and does not go back; who is dizzy, sick or
can't be woken needs 120. No answer: send somebody and call 119.

What it sees: The concentration that the carbon monoxide detector measures, and for how long it has been above a
limit; of a detector that tells no concentration, its own alarm, which has judged the exposure already.

Limits: EN 50291-1 lets a detector alarm at 30 ppm not before 120 min, at 50 ppm between 60 and 90 min, at 100 ppm
between 10 and 40 min, at 300 ppm within 3 min. The earliest instant of each band is taken, and 300 ppm at once, for
nobody can be there sooner. Exposure runs while each reading stays above the band and an hour does not pass without
one (own choice); an older reading that comes late is judged by its own value only.

When it ends: Cleared when every detector has been below 30 ppm and none has sounded for ten minutes; a person still
asks and closes it.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from alerts.judging.findings import Evidence, Findings
from alerts.judging.fleet import Batch, Fleet
from alerts.rules._common import Report, device_names, evidence, iso, marked, one_per_home, reported
from core.catalogue import metrics
from core.clock import MINUTE
from core.model import Severity
from core.packed import Flag

TITLE_ZH, TITLE_EN = "一氧化碳", "Carbon monoxide"
ABOUT_ZH = (
    "怎么办：立即打电话：让屋里的人马上离开、开窗，不要再回屋；头晕、恶心、叫不醒的呼叫 120。打不通就派人，同时拨"
    " 119。\n"
    "看什么：一氧化碳报警器测得的浓度，以及超过界限已有多久；不报浓度的，看它自己的报警（它已算过暴露时间）。\n"
    "界限：EN 50291-1 规定探测器在 30 ppm 时 120 分钟内不得报警，50 ppm 时应在 60 至 90 分钟之间、100 ppm 时应在"
    " 10 至 40 分钟之间、300 ppm 时应在 3 分钟之内报警。系统取每一档最早的时刻，300 ppm 立即报警，因为人不可能更"
    "早赶到。每次读数都在界限以上、且相隔不到一小时，才算一直暴露（自定）；晚到的旧读数只按它自己的浓度判断。\n"
    "何时结束：各报警器都低于 30 ppm、都不再报警满 10 分钟标为“已解除”，仍由值班员问过后办结。"
)
SEVERITY = Severity.EMERGENCY
SCENARIO = "fire_gas"
TELLS = {"co_alarm": Report(SEVERITY, "{}报警：一氧化碳", "The {} sounds: carbon monoxide")}
METRICS = ("co", *TELLS)
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
    """Follow the exposure; raise what has reached its band's time, and a detector's own alarm. Late ones are marked."""
    found = batch.of("co")
    reached, begun = _follow(fleet, found, params)
    late = (found.flags & Flag.LATE) != 0
    told = found.where(reached)
    measured = _found(fleet, told.slot, told.ts, told.value, begun[reached], params, late[reached])
    return measured.beside(reported(fleet, batch, TELLS))


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Exposure reaches its time between two readings; also says where the air is clean."""
    column = fleet.column("co")
    fresh = (column.value >= params.bands[0][0]) & (now - column.ts < params.stale_minutes * MINUTE)
    over = np.zeros(len(column), bool)
    for band, (_, minutes) in enumerate(params.bands):
        since = _since(fleet, band)
        over |= (since > 0) & (now - since >= minutes * MINUTE)
    slots = np.flatnonzero(fresh & over).astype(np.int32)
    alarm = fleet.column("co_alarm")
    clear = ~(marked(fleet, column, column.value >= params.clear_ppm) | marked(fleet, alarm, alarm.value > 0))
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
