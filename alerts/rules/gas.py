"""可燃气体浓度超标：请先远程关阀、通知开窗，勿开关电器。

Combustible gas above the alarm point. Household detectors alarm between 5 and 25 %LEL (GB 15322.2-2019, EN 50194-1:
between 3 and 20 %LEL); 10 %LEL is our own choice in both ranges. Clear below 5 %LEL, the lower end, for five minutes.
"""

from dataclasses import dataclass
from datetime import timedelta

from alerts.findings import Evidence, Findings
from alerts.fleet import Batch, Fleet
from alerts.rules._common import device_names, evidence, iso, marked
from core.catalogue import metrics
from core.model import Severity
from core.packed import Flag

TITLE_ZH, TITLE_EN = "燃气泄漏", "Gas leak"
SEVERITY = Severity.EMERGENCY
SCENARIO = "fire_gas"
METRICS = ("gas",)
CLEAR_AFTER = timedelta(minutes=5)
BACKOFF = None  # never only shown


@dataclass(frozen=True)
class Params:
    """Alarm points in %LEL."""

    alarm_lel: float = 10.0  # GB 15322.2-2019: 5 to 25
    clear_lel: float = 5.0


def observe(fleet: Fleet, batch: Batch, params: Params) -> Findings:
    """A finding per reading above the alarm point."""
    found = batch.of("gas")
    found = found.where(found.value >= params.alarm_lel)

    def show(position: int) -> Evidence:
        row, value = int(found.device[position]), float(found.value[position])
        zh, en = device_names(fleet, row)
        return evidence(
            fleet, row, f"{zh}测得可燃气体 {value:.0f} %LEL，报警值 {params.alarm_lel:.0f}",
            f"The {en} measures {value:.0f} %LEL of combustible gas; the alarm point is {params.alarm_lel:.0f}",
            metric=metrics()["gas"], value=value, limit=params.alarm_lel, since=iso(found.ts[position]),
        )  # fmt: skip

    late = (found.flags & Flag.LATE) != 0
    return Findings.of(
        found.home, found.ts, severity=SEVERITY, evidence=show, device=found.device, late=late, score=found.value
    )


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Says only where the gas is gone."""
    column = fleet.column("gas")
    return Findings.none(clear=~marked(fleet, column, column.value >= params.clear_lel))
