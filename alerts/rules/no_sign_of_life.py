"""长时间没有活动：先打电话，无人接听请网格员上门。

Nobody has moved, opened a door, got up, drawn water or taken a step for longer than this person ever does at this hour.
The limit is the home's own learned silence for the hour (alerts/learn.py) with half as much again on top, never below
two hours and never above twelve. The numbers are own choices, weighed on two real lives (docs/rules.md): the longest
silence there was a night of 10.2 and 9.9 hours, and after a fall an hour on the floor already costs lives (Wild et al.,
BMJ 1981). In bed with a pulse counts as alive, up to fourteen hours; in a bed whose sensor knows no pulse, for ten
hours or the learned limit if that is longer. Who went out is judged by `not_back`. A home that no life-showing device
speaks for is not judged here; `device_silent` says so.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from alerts.findings import Evidence, Findings
from alerts.fleet import Fleet
from alerts.rules._common import (
    HOUR,
    MINUTE,
    SECOND,
    Homes,
    Rows,
    device_names,
    en_duration,
    evidence,
    iso,
    left_home,
    local_hour,
    marked,
    spoken_for,
    watching_since,
    zh_duration,
)  # fmt: skip
from core.model import Severity

TITLE_ZH, TITLE_EN = "长时间无活动", "No sign of life"
SEVERITY = Severity.URGENT
SCENARIO = "activity"
METRICS = ("motion", "presence", "in_bed", "door_open", "steps", "water_volume", "sos", "systolic")
CLEAR_AFTER = timedelta()
BACKOFF = None  # never only shown


@dataclass(frozen=True)
class Params:
    """Hours and factors; own choices, see the module's docstring."""

    margin: float = 1.5
    floor_hours: float = 2.0
    ceiling_hours: float = 12.0
    unlearned_hours: float = 8.0
    in_bed_hours: float = 14.0
    mat_hours: float = 10.0
    pulse_minutes: float = 20.0


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Homes that have been still for too long."""
    last = np.maximum(fleet.last_life, watching_since(fleet, now))
    still, hour = now - last, local_hour(fleet, now)
    limit = np.full(len(still), min(params.floor_hours, params.ceiling_hours, params.in_bed_hours) * HOUR)
    quiet = np.flatnonzero(still >= limit[:1] / 2)  # elsewhere even the shortest limit is far
    limit[quiet] = _limit(fleet, now, quiet, fleet.baseline[quiet, hour], params)
    motionless = quiet[(fleet.last_life[quiet] > 0) & (still[quiet] > limit[quiet])]
    homes = spoken_for(fleet, now, motionless[~left_home(fleet)[motionless]])

    def show(position: int) -> Evidence:
        home = int(homes[position])
        return _show(fleet, home, int(last[home]), float(still[home]), float(fleet.baseline[home, hour]))

    return Findings.of(
        homes, last[homes], severity=SEVERITY, evidence=show, device=fleet.last_life_device[homes],
        score=still[homes] / limit[homes], clear=still < limit / 2,
    )  # fmt: skip


def _limit(fleet: Fleet, now: int, homes: Rows, usual: NDArray[np.float32], params: Params) -> NDArray[np.float64]:
    """How long each of these homes may be still (µs), with its usual silence (s) at this hour."""
    limit = np.where(np.isnan(usual), params.unlearned_hours * HOUR, usual * params.margin * SECOND)
    limit = np.clip(limit, params.floor_hours * HOUR, params.ceiling_hours * HOUR)
    alive, unknown = _in_bed(fleet, now, params)
    limit = np.where(unknown[homes], np.maximum(limit, params.mat_hours * HOUR), limit)
    return np.where(alive[homes], params.in_bed_hours * HOUR, limit)


def _in_bed(fleet: Fleet, now: int, params: Params) -> tuple[Homes, Homes]:
    """Homes whose bed is occupied: (with a pulse or a breath, by a sensor that has never told either)."""
    bed = fleet.column("in_bed")
    occupied = marked(fleet, bed, bed.value == 1)
    alive, unknown = np.zeros(len(occupied), bool), occupied.copy()
    for name in ("heart_rate", "breathing_rate"):
        column = fleet.column(name)
        told = np.flatnonzero(occupied[column.home] & (column.ts > 0))
        unknown[column.home[told]] = False
        alive[column.home[told[column.ts[told] > now - params.pulse_minutes * MINUTE]]] = True
    return alive, unknown


def _show(fleet: Fleet, home: int, last: int, still: float, usual: float) -> Evidence:
    row = int(fleet.last_life_device[home])
    known = not np.isnan(usual)
    zh = f"已 {zh_duration(still)}没有任何活动" + (f"，这个时段平时不超过 {zh_duration(usual * 1e6)}" if known else "")
    en = f"No activity for {en_duration(still)}" + (f"; usually at most {en_duration(usual * 1e6)}" if known else "")
    names = device_names(fleet, row) if row >= 0 else ("", "")
    return evidence(
        fleet, row, zh, en, since=iso(last), last_sign_zh=names[0], last_sign_en=names[1],
        usual_seconds=round(usual) if known else None,
    )  # fmt: skip
