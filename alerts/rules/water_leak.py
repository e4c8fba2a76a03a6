"""What to do: Call: the floor is wet, mind the slip; look at taps and pipes, shut the main valve. No answer: the grid
worker or a neighbour goes.

What it sees: Whether a leak sensor stands in water.

Limits: The sensor decides. It is urgent because a wet floor is where people fall.

When it ends: Cleared when every leak sensor of the home has been dry for ten minutes (own choice); a person still
asks and closes it.
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

TITLE_ZH, TITLE_EN = "漏水", "Water leak"
ABOUT_ZH = (
    "怎么办：打电话：地面有水，小心滑倒；查龙头、水管，关总阀。打不通请网格员或邻居上门。\n"
    "看什么：漏水传感器是否浸在水里。\n"
    "界限：由传感器判断，湿了就报。湿滑的地面最容易摔倒，所以按“急”处理。\n"
    "何时结束：本户所有漏水传感器都干了满 10 分钟（自定）标为“已解除”，仍由值班员问过后办结。"
)
SEVERITY = Severity.URGENT
SCENARIO = "environment"
METRICS = ("water_leak",)
CLEAR_AFTER = timedelta(minutes=10)
BACKOFF = Backoff(longest=timedelta(days=1))


@dataclass(frozen=True)
class Params:
    """Nothing to set."""


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Homes with a wet sensor; the newest stands for the home, so that it is heard beside one that was answered."""
    column = fleet.column("water_leak")
    wet = np.flatnonzero(column.value > 0)
    wet = wet[one_per_home(column.home[wet], column.since[wet].astype(float))]

    def show(position: int) -> Evidence:
        slot = int(wet[position])
        zh, en = device_names(fleet, int(column.device[slot]))
        return evidence(
            fleet, int(column.device[slot]), f"{zh}检测到漏水", f"The {en} is wet",
            metric=metrics()["water_leak"], value=1, since=iso(column.since[slot]),
        )  # fmt: skip

    return Findings.of(
        column.home[wet], column.since[wet], severity=SEVERITY, evidence=show, device=column.device[wet],
        clear=~marked(fleet, column, column.value > 0),
    )  # fmt: skip
