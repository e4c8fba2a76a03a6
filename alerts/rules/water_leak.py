"""漏水传感器报警：地面有水，防滑倒，查龙头与水管。

A leak sensor stands in water. The sensor decides; the alert is urgent because a wet floor is where people fall, and it
is over when every leak sensor of the home has been dry for ten minutes (own choice).
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

TITLE_ZH, TITLE_EN = "漏水", "Water leak"
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
