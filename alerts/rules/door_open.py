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

    day_minutes: float = 30
    night_minutes: float = 5
    out_minutes: float = 15
    night_begins: int = 23
    night_ends: int = 5


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Homes whose door stands open too long, or whose person is out at night."""
    dark = night(local_hour(fleet, now), params.night_begins, params.night_ends)
    limit = (params.night_minutes if dark else params.day_minutes) * MINUTE
    column = fleet.column("door_open")
    opened = np.flatnonzero(column.value == 1)
    slots = opened[now - column.since[opened] > limit]
    slots = slots[one_per_home(column.home[slots], column.since[slots].astype(float))]  # the newest: one may be stuck
    missing = _left_in_the_dark(fleet, now, np.flatnonzero(left_home(fleet)), params)
    out = np.setdiff1d(missing if dark else missing[:0], column.home[slots])
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

    severity = [Severity.URGENT if dark else SEVERITY] * len(home)
    clear = ~marked(fleet, column, opened)
    clear[missing] = False  # daybreak does not bring anybody home
    return Findings.of(home, begun, severity=severity, evidence=show, device=device, clear=clear)


def _left_in_the_dark(fleet: Fleet, now: int, away: Rows, params: Params) -> Rows:
    """Those of `away` who left this night, long enough ago: who left in the afternoon is visiting."""
    lasted = now - fleet.last_life[away]
    away = away[(lasted > params.out_minutes * MINUTE) & (lasted < 12 * HOUR)]
    hours, which = np.unique(fleet.last_life[away] // HOUR, return_inverse=True)
    dark = np.array(
        [night(local_hour(fleet, int(hour) * HOUR), params.night_begins, params.night_ends) for hour in hours],
        dtype=bool,
    )
    left: Rows = away[dark[which]]
    return left
