"""电池电量低：下次上门时更换。

A device's battery is at 20 % or less; clear when all of the home's are at 30 % or more again. Both are own choices:
the devices' discharge curves are flat, and 20 % leaves some weeks to plan a visit.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from alerts.backoff import Backoff
from alerts.findings import Evidence, Findings
from alerts.fleet import Fleet
from alerts.rules._common import device_names, evidence, iso, marked, one_per_home
from core.catalogue import metrics
from core.model import Severity

TITLE_ZH, TITLE_EN = "电量低", "Battery low"
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
