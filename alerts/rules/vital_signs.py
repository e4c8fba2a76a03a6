"""What to do: Call and ask how the person feels; unwell or no answer: a doctor or a visit, 120 if need be.

What it sees: Pulse, breathing, oxygen and systolic pressure; a wristband must be worn.

Limits: The band that NEWS2 gives three points: breathing ≤ 8 or ≥ 25 /min, oxygen ≤ 91 % (scale 2, for people with
hypercapnic failure: ≤ 83 %), systolic pressure ≤ 90 or ≥ 220 mmHg, pulse ≤ 40 or ≥ 131 /min. One such sign alone
asks for an urgent review by a clinician (Royal College of Physicians, National Early Warning Score 2, 2017, chart
1). Home sensors err: two readings within half an hour are needed (own choice). Blood pressure is taken once a day,
so one reading raises attention, and the second one urgency.

When it ends: Cleared when every sign measured within the hour has been two units or more inside for fifteen
minutes; a person still asks and closes it.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from alerts.judging.findings import Evidence, Findings
from alerts.judging.fleet import Batch, Fleet
from alerts.lifecycle.backoff import Backoff
from alerts.rules._common import device_names, evidence, iso, marked
from core.catalogue import metric_by_id, metrics
from core.clock import MINUTE
from core.model import Severity
from core.packed import Flag

TITLE_ZH, TITLE_EN = "生命体征异常", "Vital sign out of range"
ABOUT_ZH = (
    "怎么办：打电话询问感觉如何；不舒服或打不通，请医生或派人上门，必要时呼叫 120。\n"
    "看什么：心率、呼吸、血氧、收缩压。手环没有戴着时不判断。\n"
    "界限：NEWS2 中单项记 3 分的范围：呼吸 ≤ 8 或 ≥ 25 次/分，血氧 ≤ 91%（慢性二氧化碳潴留的人按第二标准 ≤ 83%），"
    "收缩压 ≤ 90 或 ≥ 220 mmHg，心率 ≤ 40 或 ≥ 131 次/分；单独一项就应由医生尽快看（英国皇家内科医师学会，NEWS2，"
    "2017，表 1）。家用设备会有误差，半小时内要有两次才按“急”报警（自定）；血压一天只量一次，第一次就按“注意”报警，"
    "第二次按“急”。\n"
    "何时结束：一小时内测过的各项都离开危险范围 2 个单位以上满 15 分钟，标为“已解除”，仍由值班员问过后办结。"
)
SEVERITY = Severity.URGENT
SCENARIO = "health"
METRICS = ("heart_rate", "breathing_rate", "spo2", "systolic")
CLEAR_AFTER = timedelta(minutes=15)
BACKOFF = Backoff(longest=timedelta(hours=4))  # the next sign may be another one
ONE_IS_ENOUGH = ("systolic",)


@dataclass(frozen=True)
class Params:
    """The outer edges of NEWS2's bands of three points, and how far back inside clears (own choice)."""

    low: tuple[tuple[str, float], ...] = (("breathing_rate", 8), ("spo2", 91), ("systolic", 90), ("heart_rate", 40))
    high: tuple[tuple[str, float], ...] = (("breathing_rate", 25), ("systolic", 220), ("heart_rate", 131))
    spo2_scale_2: float = 83
    together_minutes: float = 30
    fresh_minutes: float = 60
    clear_margin: float = 2


def _bad(
    fleet: Fleet, name: str, value: NDArray[np.float64], home: NDArray[np.int32], params: Params, margin: float = 0
) -> NDArray[np.bool_]:
    """Which values lie in the band of three points, or within `margin` of it."""
    low: float | NDArray[np.float64] = dict(params.low)[name]
    if name == "spo2":
        low = np.where(fleet.person("spo2_scale")[home] == 2, params.spo2_scale_2, low)
    return (value <= low + margin) | (value >= dict(params.high).get(name, np.inf) - margin)


def observe(fleet: Fleet, batch: Batch, params: Params) -> Findings:
    """A finding per reading in the band that another one in it preceded; pressure also alone."""
    found = batch.of(*METRICS)
    found = found.where((found.flags & Flag.LATE) == 0)
    if not len(found):
        return Findings.none()
    raised, twice = np.zeros(len(found), bool), np.zeros(len(found), bool)
    for name in METRICS:
        mine = found.metric == metrics()[name].id
        home = found.home[mine]
        now_bad = _bad(fleet, name, found.value[mine], home, params)
        before_bad = _bad(fleet, name, found.previous[mine], home, params)
        apart = found.ts[mine] - found.previous_ts[mine]
        near = (apart > 0) & (apart <= params.together_minutes * MINUTE)  # the same one again is no second one
        twice[mine] = now_bad & before_bad & near
        raised[mine] = twice[mine] | (now_bad & (name in ONE_IS_ENOUGH))
    raised &= _worn(fleet)[found.device]
    found, twice = found.where(raised), twice[raised]

    def show(position: int) -> Evidence:
        return _show(fleet, found, position, params)

    severity = [SEVERITY if both else Severity.ATTENTION for both in twice]
    return Findings.of(found.home, found.ts, severity=severity, evidence=show, device=found.device)


def _show(fleet: Fleet, found: Batch, position: int, params: Params) -> Evidence:
    metric = metric_by_id()[int(found.metric[position])]
    row, value = int(found.device[position]), float(found.value[position])
    low = dict(params.low)[metric.name]
    if metric.name == "spo2" and fleet.person("spo2_scale")[found.home[position]] == 2:
        low = params.spo2_scale_2
    limit = low if value <= low else dict(params.high)[metric.name]
    zh_side, en_side = ("不高于", "at or below") if value <= low else ("不低于", "at or above")
    zh, _ = device_names(fleet, row)
    return evidence(
        fleet, row, f"{metric.zh} {value:.0f} {metric.unit_zh}（{zh}），{zh_side}危险值 {limit:.0f}",
        f"{metric.en} {value:.0f} {metric.unit}, {en_side} the danger value {limit:.0f}",
        metric=metric, value=value, limit=limit, since=iso(found.ts[position]),
    )  # fmt: skip


def _worn(fleet: Fleet) -> NDArray[np.bool_]:
    """By device: false only where a device says that it is not worn."""
    worn = np.ones(len(fleet.device_ids), bool)
    column = fleet.column("worn")
    worn[column.device[column.value == 0]] = False
    return worn


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Says only where every sign measured lately is well inside, and one has been measured."""
    homes = len(fleet.home_ids)
    bad, measured = np.zeros(homes, bool), np.zeros(homes, bool)
    for name in METRICS:
        column = fleet.column(name)
        fresh = column.ts > now - params.fresh_minutes * MINUTE
        danger = fresh & _bad(fleet, name, column.value, column.home, params, params.clear_margin)
        bad |= marked(fleet, column, danger)
        measured |= marked(fleet, column, fresh)
    return Findings.none(clear=measured & ~bad)
