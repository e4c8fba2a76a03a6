"""What to do: Change or charge the battery at the next visit; no visit for it alone.

What it sees: The level that each device of the home reported last, or that it says its battery is low.

Limits: A device at 20 % or less; own choice: discharge curves are flat, and 20 % leaves some weeks to plan a visit.

When it ends: By itself, when all of the home's devices have been at 30 % or more (own choice), and none has said that
its battery is low, for ten minutes.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import numpy as np

from alerts.judging.findings import Evidence, Findings
from alerts.judging.fleet import Fleet
from alerts.judging.params import limit
from alerts.lifecycle.backoff import Backoff
from alerts.rules._common import device_names, evidence, iso, marked, one_per_home
from core.arrays import F8
from core.catalogue import metrics
from core.model import Severity

TITLE_ZH, TITLE_EN = "电量低", "Battery low"
ABOUT_ZH = (
    "怎么办：下次上门时更换电池或充电；不必专程上门。\n"
    "看什么：本户各设备最近一次报的电量，或设备自己说电量低。\n"
    "界限：任一设备电量不高于 20% 就报警；这是自定的数值：电量曲线平缓，20% 还够用几周，来得及安排上门。\n"
    "何时结束：本户所有设备的电量都不低于 30%（自定）、也都不再说电量低并保持 10 分钟，自动办结。"
)
SEVERITY = Severity.MAINTENANCE
SCENARIO = "device"
METRICS = ("battery", "battery_low")
CLEAR_AFTER = timedelta(minutes=10)
BACKOFF = Backoff()
RECOVERS = True


@dataclass(frozen=True)
class Params:
    """Levels in per cent."""

    low: F8 = limit(20, 5, 50, "%", "报警电量", "the level that is low", sooner="higher")
    clear: F8 = limit(30, 10, 80, "%", "解除电量", "the clearing level", sooner="higher")

    ORDER: ClassVar = (("low", "clear"),)


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Homes with a battery that is low, the lowest first; what only says so stands behind what says how low."""
    level, flag = fleet.column("battery"), fleet.column("battery_low")
    weak = np.flatnonzero(level.value <= params.clear.max(initial=-np.inf))  # elsewhere it is well, in every home
    low, told = weak[level.value[weak] <= params.low[level.home[weak]]], np.flatnonzero(flag.value == 1)
    home = np.concatenate([level.home[low], flag.home[told]])
    worst = one_per_home(home, np.concatenate([-level.value[low], -params.low[flag.home[told]] - 1]))
    device = np.concatenate([level.device[low], flag.device[told]])[worst]
    value = np.concatenate([level.value[low], flag.value[told]])[worst]
    since = np.concatenate([level.ts[low], flag.since[told]])[worst]
    measured = worst < len(low)

    def show(position: int) -> Evidence:
        row, per_cent = int(device[position]), float(value[position])
        zh, en = device_names(fleet, row)
        if not measured[position]:
            return evidence(
                fleet, row, f"{zh}报告电量低", f"The {en} says that its battery is low",
                metric=metrics()["battery_low"], value=1, since=iso(since[position]),
            )  # fmt: skip
        return evidence(
            fleet, row, f"{zh}电量 {per_cent:.0f}%", f"The {en}'s battery is at {per_cent:.0f} %",
            metric=metrics()["battery"], value=per_cent, limit=float(params.low[fleet.device_home[row]]),
            since=iso(since[position]),
        )  # fmt: skip

    holds = marked(fleet, level, weak[level.value[weak] < params.clear[level.home[weak]]]) | marked(fleet, flag, told)
    return Findings.of(
        home[worst], np.full(len(worst), now), severity=SEVERITY, evidence=show, device=device, value=value,
        clear=~holds,
    )  # fmt: skip
