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
from alerts.judging.fleet import Batch, Column, Fleet
from alerts.judging.params import limit
from alerts.lifecycle.backoff import Backoff
from alerts.rules._common import device_names, evidence, iso, marked
from core.arrays import F8
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
NEWS2 = "Royal College of Physicians, NEWS2, 2017, chart 1"  # from three points to where none are given


@dataclass(frozen=True)
class Params:
    """The outer edges of NEWS2's bands of three points, and how far back inside clears (own choice)."""

    breathing_rate_low: F8 = limit(8, 8, 11, "/min", "呼吸过慢", "breathing too slow", sooner="higher", source=NEWS2)
    breathing_rate_high: F8 = limit(25, 21, 25, "/min", "呼吸过快", "breathing too fast", sooner="lower", source=NEWS2)
    spo2_low: F8 = limit(91, 91, 95, "%", "血氧过低", "oxygen too low", sooner="higher", source=NEWS2)
    spo2_scale_2_low: F8 = limit(
        83, 83, 87, "%", "血氧过低（第二标准）", "oxygen too low on scale 2", sooner="higher", source=NEWS2
    )
    systolic_low: F8 = limit(90, 90, 110, "mmHg", "收缩压过低", "pressure too low", sooner="higher", source=NEWS2)
    systolic_high: F8 = limit(220, 160, 220, "mmHg", "收缩压过高", "pressure too high", sooner="lower", source=NEWS2)
    heart_rate_low: F8 = limit(40, 40, 50, "/min", "心率过慢", "pulse too slow", sooner="higher", source=NEWS2)
    heart_rate_high: F8 = limit(131, 91, 131, "/min", "心率过快", "pulse too fast", sooner="lower", source=NEWS2)
    together_minutes: F8 = limit(30, 30, 180, "min", "两次读数最多相隔", "how far apart two may be", sooner="higher")
    fresh_minutes: F8 = limit(60, 30, 240, "min", "读数有效时间", "how long a reading holds", sooner="higher")
    clear_margin: F8 = limit(2, 1, 10, "", "解除须离开多远", "how far back inside clears", sooner="higher")


def _bad(
    fleet: Fleet, name: str, value: F8, home: NDArray[np.int32], params: Params, margin: F8 | float = 0
) -> NDArray[np.bool_]:
    """Which values lie in the band of three points, or within `margin` of it."""
    low, high = _edges(fleet, name, home, params)
    return (value <= low + margin) | (value >= high - margin)


def _edges(fleet: Fleet, name: str, home: NDArray[np.int32], params: Params) -> tuple[F8, F8]:
    """From where a sign is (too low, too high) in each of these homes."""
    low = getattr(params, f"{name}_low")[home]
    if name == "spo2":
        low = np.where(fleet.person("spo2_scale")[home] == 2, params.spo2_scale_2_low[home], low)
        return low, np.full(len(home), np.inf)
    return low, getattr(params, f"{name}_high")[home]


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
        near = (apart > 0) & (apart <= params.together_minutes[home] * MINUTE)  # the same one again is no second one
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
    low, high = (float(edge[0]) for edge in _edges(fleet, metric.name, found.home[position : position + 1], params))
    edge = low if value <= low else high
    zh_side, en_side = ("不高于", "at or below") if value <= low else ("不低于", "at or above")
    zh, _ = device_names(fleet, row)
    return evidence(
        fleet, row, f"{metric.zh} {value:.0f} {metric.unit_zh}（{zh}），{zh_side}危险值 {edge:.0f}",
        f"{metric.en} {value:.0f} {metric.unit}, {en_side} the danger value {edge:.0f}",
        metric=metric, value=value, limit=edge, since=iso(found.ts[position]),
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
        fresh = _fresh(column, now, params)
        measured |= marked(fleet, column, fresh)
        rows = np.flatnonzero(fresh & _perhaps_bad(name, column.value, params))  # few
        home = column.home[rows]
        bad[home[_bad(fleet, name, column.value[rows], home, params, params.clear_margin[home])]] = True
    return Findings.none(clear=measured & ~bad)


def _fresh(column: Column, now: int, params: Params) -> NDArray[np.bool_]:
    """Which values are no older than their home allows."""
    minutes = params.fresh_minutes
    fresh: NDArray[np.bool_] = column.ts > now - minutes.min(initial=np.inf) * MINUTE
    rows = np.flatnonzero(~fresh & (column.ts > now - minutes.max(initial=0) * MINUTE))
    fresh[rows] = column.ts[rows] > now - minutes[column.home[rows]] * MINUTE
    return fresh


def _perhaps_bad(name: str, value: F8, params: Params) -> NDArray[np.bool_]:
    """Which values lie in the widest band that any home has, or within the widest margin of it."""
    margin, low = params.clear_margin.max(initial=0), getattr(params, f"{name}_low").max(initial=0)
    high = np.inf if name == "spo2" else getattr(params, f"{name}_high").min(initial=np.inf)
    if name == "spo2":
        low = max(low, params.spo2_scale_2_low.max(initial=0))
    found: NDArray[np.bool_] = (value <= low + margin) | (value >= high - margin)
    return found
