"""What to do: Call at once: touch no switch, light nothing; whoever can reach it safely shuts the gas valve by hand,
opens windows and leaves, and telephones from outside. No answer: send somebody and call 119 and the gas company.
Nothing here can shut a valve from afar.

What it sees: The concentration of combustible gas that the detector measures (%LEL, per cent of the lower explosive
limit); of a detector that tells no concentration, its own alarm.

Limits: 10 %LEL or more. Household detectors alarm between 5 and 25 %LEL (GB 15322.2-2019) or between 3 and 20 %LEL
(EN 50194-1); 10 is our own choice in both ranges. A detector's own alarm counts at
once.

When it ends: Cleared when every detector has been below 5 %LEL, the lower end, and none has sounded for five
minutes; a person still asks and closes it.
"""

from dataclasses import dataclass
from datetime import timedelta

from alerts.judging.findings import Evidence, Findings
from alerts.judging.fleet import Batch, Fleet
from alerts.rules._common import Report, device_names, evidence, iso, marked, reported
from core.catalogue import metrics
from core.model import Severity
from core.packed import Flag

TITLE_ZH, TITLE_EN = "燃气泄漏", "Gas leak"
ABOUT_ZH = (
    "怎么办：立即打电话：不要开关任何电器、不要点火；屋里的人能安全够到就关上燃气阀、开窗，然后离开，到室外再打电"
    "话。打不通就派人，同时拨 119 和燃气公司抢修电话。系统不能遥控关阀。\n"
    "看什么：燃气报警器测得的可燃气体浓度（%LEL，爆炸下限的百分比）；不报浓度的，看它自己的报警。\n"
    "界限：达到 10 %LEL 就报警。家用报警器的报警点在 5 至 25 %LEL 之间（GB 15322.2-2019），或 3 至 20 %LEL 之间（"
    "EN 50194-1）；10 是自定的，在两个范围之内。报警器自己报警的立即算。\n"
    "何时结束：所有燃气报警器都低于 5 %LEL（国标范围的下端）、都不再报警满 5 分钟标为“已解除”，仍由值班员问过后办结。"
)
SEVERITY = Severity.EMERGENCY
SCENARIO = "fire_gas"
TELLS = {"gas_alarm": Report(SEVERITY, "{}报警：可燃气体泄漏", "The {} sounds: combustible gas")}
METRICS = ("gas", *TELLS)
CLEAR_AFTER = timedelta(minutes=5)
BACKOFF = None  # never only shown


@dataclass(frozen=True)
class Params:
    """Alarm points in %LEL."""

    alarm_lel: float = 10.0  # GB 15322.2-2019: 5 to 25
    clear_lel: float = 5.0


def observe(fleet: Fleet, batch: Batch, params: Params) -> Findings:
    """A finding per reading above the alarm point, and per alarm of the detector itself."""
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
    measured = Findings.of(
        found.home, found.ts, severity=SEVERITY, evidence=show, device=found.device, late=late, score=found.value
    )
    return measured.beside(reported(fleet, batch, TELLS))


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Says only where the gas is gone."""
    level, alarm = fleet.column("gas"), fleet.column("gas_alarm")
    there = marked(fleet, level, level.value >= params.clear_lel) | marked(fleet, alarm, alarm.value > 0)
    return Findings.none(clear=~there)
