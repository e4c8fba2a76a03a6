"""What to do: Call first; no answer: send the grid worker or a neighbour at once. The person may have been lying for
hours.

What it sees: Everything that shows somebody moving: motion, doors, bed, water, steps, a blood pressure taken; in
bed with a pulse or a breath counts as alive.

Limits: The home's own learned silence at this hour with half as much again, at least two hours and at most twelve;
eight where nothing is learned yet. In bed with a pulse up to fourteen hours; in a bed whose sensor knows no pulse
ten hours, or the learned limit if that is longer. The numbers are own choices, weighed on two real lives: the
longest silence there was a night of 10.2 and 9.9 hours, and after a fall an hour on the floor already costs lives
(Wild et al., BMJ 1981). Who went out is judged by “Out and not back”; a home that no life-showing device speaks for
is not judged here, “Device silent” says so.

When it ends: Cleared at the next sign of life; a person still asks and closes it.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from alerts.judging.findings import Evidence, Findings
from alerts.judging.fleet import Fleet
from alerts.judging.params import limit
from alerts.rules._common import (
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
from core.arrays import F8
from core.catalogue import metrics
from core.clock import HOUR, MINUTE, SECOND
from core.model import Severity

TITLE_ZH, TITLE_EN = "长时间无活动", "No sign of life"
ABOUT_ZH = (
    "怎么办：先打电话；无人接听请网格员或邻居马上上门看。人可能已经倒下几个小时。\n"
    "看什么：活动、门、床、用水、步数、血压计等一切能看出有人在活动的读数；床上有心跳或呼吸也算平安。\n"
    "界限：界限是系统学到的这一户在这个钟点平常的静默时间的 1.5 倍，最短 2 小时，最长 12 小时；还没有学到的按 8 "
    "小时。床上有心跳的到 14 小时；床垫测不到心跳的到 10 小时（平常更久的按平常）。数值是自定的，用两户真实生活检"
    "验过：最长的一夜静默是 10.2 和 9.9 小时；而跌倒后在地上一小时就会要命（Wild 等，BMJ 1981）。出门在外由“外出"
    "未归”判断；没有一台能看出活动的设备在线时不判断，由“设备失联”报警。\n"
    "何时结束：有了活动就标为“已解除”，仍由值班员问过后办结。"
)
SEVERITY = Severity.URGENT
SCENARIO = "activity"
METRICS = tuple(name for name, metric in metrics().items() if metric.life)  # whatever shows life
CLEAR_AFTER = timedelta()
BACKOFF = None  # never only shown


@dataclass(frozen=True)
class Params:
    """Hours and factors; own choices, see the module's docstring."""

    margin: F8 = limit(1.5, 1.1, 2.5, "×", "平常静默的几倍", "times the usual silence", sooner="lower")
    floor_hours: F8 = limit(2, 1, 4, "h", "最短界限", "the shortest limit", sooner="lower")
    ceiling_hours: F8 = limit(12, 4, 16, "h", "最长界限", "the longest limit", sooner="lower")
    unlearned_hours: F8 = limit(8, 2, 12, "h", "未学到规律时", "where nothing is learned", sooner="lower")
    in_bed_hours: F8 = limit(14, 4, 18, "h", "卧床且有心跳", "in bed with a pulse", sooner="lower")
    mat_hours: F8 = limit(10, 4, 16, "h", "卧床但测不到心跳", "in a bed that knows no pulse", sooner="lower")
    pulse_minutes: F8 = limit(20, 10, 60, "min", "心跳有效时间", "how long a pulse holds", sooner="lower")

    ORDER: ClassVar = (("floor_hours", "ceiling_hours"),)


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Homes that have been still for too long."""
    last = np.maximum(fleet.last_life, watching_since(fleet, now))
    still, hour = now - last, local_hour(fleet, now)
    longest = np.minimum(params.floor_hours, params.in_bed_hours) * HOUR
    quiet = np.flatnonzero(still >= longest / 2)  # elsewhere even the shortest limit is far
    longest[quiet] = _longest(fleet, now, quiet, fleet.baseline[quiet, hour], params)
    motionless = quiet[(fleet.last_life[quiet] > 0) & (still[quiet] > longest[quiet])]
    homes = spoken_for(fleet, now, motionless[~left_home(fleet)[motionless]])

    def show(position: int) -> Evidence:
        home = int(homes[position])
        return _show(fleet, home, int(last[home]), float(still[home]), float(fleet.baseline[home, hour]))

    return Findings.of(
        homes, last[homes], severity=SEVERITY, evidence=show, device=fleet.last_life_device[homes],
        score=still[homes] / longest[homes], clear=still < longest / 2,
    )  # fmt: skip


def _longest(fleet: Fleet, now: int, homes: Rows, usual: NDArray[np.float32], params: Params) -> NDArray[np.float64]:
    """How long each of these homes may be still (µs), with its usual silence (s) at this hour."""
    longest = np.where(np.isnan(usual), params.unlearned_hours[homes] * HOUR, usual * params.margin[homes] * SECOND)
    longest = np.clip(longest, params.floor_hours[homes] * HOUR, params.ceiling_hours[homes] * HOUR)
    alive, unknown = _in_bed(fleet, now, params)
    longest = np.where(unknown[homes], np.maximum(longest, params.mat_hours[homes] * HOUR), longest)
    return np.where(alive[homes], params.in_bed_hours[homes] * HOUR, longest)


def _in_bed(fleet: Fleet, now: int, params: Params) -> tuple[Homes, Homes]:
    """Homes whose bed is occupied: (with a pulse or a breath, by a sensor that has never told either)."""
    bed = fleet.column("in_bed")
    occupied = marked(fleet, bed, bed.value == 1)
    alive, unknown = np.zeros(len(occupied), bool), occupied.copy()
    for name in ("heart_rate", "breathing_rate"):
        column = fleet.column(name)
        told = np.flatnonzero(occupied[column.home] & (column.ts > 0))
        unknown[column.home[told]] = False
        alive[column.home[told[column.ts[told] > now - params.pulse_minutes[column.home[told]] * MINUTE]]] = True
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
