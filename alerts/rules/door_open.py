"""What to do: Call and ask why the door is open, or whether the person is safely back. Out at night and no answer:
send family, neighbours or the grid worker to look, against getting lost, cold and thieves.

What it sees: The contact of the house door, and whether anybody is noticed inside after somebody left.

Limits: Open for 30 minutes by day (5 to 23 o'clock) or five minutes by night; or somebody left at night and has not
been noticed inside for fifteen minutes. By night it is urgent: six in ten people with dementia wander (Alzheimer's
Association, 2024). The minutes are own choices, weighed against airing a room and taking out the rubbish.

When it ends: Cleared when the door is shut and whoever left at night is noticed again; a person still asks and
closes it. Daybreak brings nobody home.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from alerts.judging.findings import Evidence, Findings
from alerts.judging.fleet import Fleet
from alerts.judging.params import limit
from alerts.lifecycle.backoff import Backoff
from alerts.rules._common import (
    Rows,
    device_names,
    en_duration,
    evidence,
    iso,
    left_home,
    local_hour,
    marked,
    night,
    one_per_home,
    zh_duration,
)  # fmt: skip
from core.arrays import F8
from core.clock import HOUR, MINUTE
from core.model import Severity

TITLE_ZH, TITLE_EN = "门未关或夜间外出", "Door open, or out at night"
ABOUT_ZH = (
    "怎么办：打电话确认：门为什么开着，或人是否安全回家。夜间外出打不通的，请家属、邻居或网格员去找，防走失、防寒、"
    "防盗。\n"
    "看什么：户门的门磁，以及出门以后屋里还有没有动静。\n"
    "界限：白天（5 点至 23 点）门开超过 30 分钟，夜间超过 5 分钟；或夜间出门后 15 分钟屋里没有动静。夜间按“急”处"
    "理：失智老人十人中约有六人会走失（Alzheimer's Association，2024）。分钟数是自定的，兼顾开门通风和倒垃圾。\n"
    "何时结束：门关上、并且夜里出门的人有了动静，标为“已解除”，仍由值班员问过后办结；天亮本身不算回家。"
)
SEVERITY = Severity.ATTENTION
SCENARIO = "security"
METRICS = ("door_open",)
CLEAR_AFTER = timedelta()
BACKOFF = Backoff()


@dataclass(frozen=True)
class Params:
    """Minutes, and the night by local hours."""

    day_minutes: F8 = limit(30, 5, 240, "min", "白天门开多久报警", "how long by day", sooner="lower")
    night_minutes: F8 = limit(5, 1, 60, "min", "夜间门开多久报警", "how long by night", sooner="lower")
    out_minutes: F8 = limit(15, 5, 120, "min", "夜间外出多久报警", "how long out at night", sooner="lower")
    night_begins: F8 = limit(23, 18, 23, "o'clock", "夜间从几点起", "when the night begins", sooner="lower")
    night_ends: F8 = limit(5, 4, 9, "o'clock", "夜间到几点止", "when the night ends", sooner="higher")


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Homes whose door stands open too long, or whose person is out at night."""
    dark = night(local_hour(fleet, now), params.night_begins, params.night_ends)
    longest = np.where(dark, params.night_minutes, params.day_minutes) * MINUTE
    column = fleet.column("door_open")
    opened = np.flatnonzero(column.value == 1)
    slots = opened[now - column.since[opened] > longest[column.home[opened]]]
    slots = slots[one_per_home(column.home[slots], column.since[slots].astype(float))]  # the newest: one may be stuck
    missing = _left_in_the_dark(fleet, now, np.flatnonzero(left_home(fleet)), params)
    out = np.setdiff1d(missing[dark[missing]], column.home[slots])
    home = np.concatenate([column.home[slots], out]).astype(np.int32)
    begun = np.concatenate([column.since[slots], fleet.last_life[out]])
    device = np.concatenate([column.device[slots], fleet.last_life_device[out]]).astype(np.int32)

    def show(position: int) -> Evidence:
        row, lasted = int(device[position]), float(now - begun[position])
        zh, en = device_names(fleet, row)
        if position < len(slots):
            texts = f"{zh}：门已开 {zh_duration(lasted)}", f"{en}: the door has been open for {en_duration(lasted)}"
        else:
            texts = (
                f"夜间出门 {zh_duration(lasted)}未归",
                f"Went out at night {en_duration(lasted)} ago and is not back",
            )
        return evidence(fleet, row, *texts, since=iso(begun[position]))

    severity = [Severity.URGENT if one else SEVERITY for one in dark[home]]
    clear = ~marked(fleet, column, opened)
    clear[missing] = False  # daybreak does not bring anybody home
    return Findings.of(home, begun, severity=severity, evidence=show, device=device, clear=clear)


def _left_in_the_dark(fleet: Fleet, now: int, away: Rows, params: Params) -> Rows:
    """Those of `away` who left this night, long enough ago: who left in the afternoon is visiting."""
    lasted = now - fleet.last_life[away]
    away = away[(lasted > params.out_minutes[away] * MINUTE) & (lasted < 12 * HOUR)]
    hours, which = np.unique(fleet.last_life[away] // HOUR, return_inverse=True)
    local = np.array([local_hour(fleet, int(hour) * HOUR) for hour in hours], np.int64)
    left: Rows = away[night(local[which], params.night_begins[away], params.night_ends[away])]
    return left
