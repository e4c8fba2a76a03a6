"""What to do: Change or charge the battery at the next visit; no visit for it alone.

What it sees: The level that each device of the home reported last.

Limits: A device at 20 % or less; own choice: discharge curves are flat, and 20 % leaves some weeks to plan a visit.

When it ends: By itself, when all of the home's devices have been at 30 % or more (own choice) for ten minutes.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from alerts.judging.findings import Evidence, Findings
from alerts.judging.fleet import Fleet
from alerts.lifecycle.backoff import Backoff
from alerts.rules._common import device_names, evidence, iso, marked, one_per_home
from core.catalogue import metrics
from core.model import Severity

TITLE_ZH, TITLE_EN = "电量低", "Battery low"
ABOUT_ZH = (
    "怎么办：下次上门时更换电池或充电；不必专程上门。\n"
    "看什么：本户各设备最近一次报的电量。\n"
    "界限：任一设备电量不高于 20% 就报警；这是自定的数值：电量曲线平缓，20% 还够用几周，来得及安排上门。\n"
    "何时结束：本户所有设备的电量都不低于 30%（自定）并保持 10 分钟，自动办结。"
)
SEVERITY = Severity.MAINTENANCE
SCENARIO = "device"
METRICS = ("battery",)
CLEAR_AFTER = timedelta(minutes=10)
BACKOFF = Backoff()
RECOVERS = True


@dataclass(frozen=True)
class Params:
    """Levels in per cent."""

    low: float = 20.0
    clear: float = 30.0


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Homes with a battery that is low, the lowest first."""
    column = fleet.column("battery")
    weak = np.flatnonzero(column.value <= max(params.low, params.clear))
    low = weak[column.value[weak] <= params.low]
    low = low[one_per_home(column.home[low], -column.value[low])]

    def show(position: int) -> Evidence:
        slot = int(low[position])
        row, value = int(column.device[slot]), float(column.value[slot])
        zh, en = device_names(fleet, row)
        return evidence(
            fleet, row, f"{zh}电量 {value:.0f}%", f"The {en}'s battery is at {value:.0f} %",
            metric=metrics()["battery"], value=value, limit=params.low, since=iso(column.ts[slot]),
        )  # fmt: skip

    return Findings.of(
        column.home[low], np.full(len(low), now), severity=SEVERITY, evidence=show, device=column.device[low],
        value=column.value[low],
        clear=~marked(fleet, column, weak[column.value[weak] < params.clear]),
    )  # fmt: skip
