"""What to do: Call and ask: heating where it is cold; windows, air conditioning and water where it is hot; who is
unwell needs a visit or a doctor.

What it sees: The temperature of every room that has a sensor.

Limits: Below 16 °C or from 35 °C for half an hour asks for attention, below 12 °C or from 38 °C is urgent. 18 °C is
the least that WHO's Housing and Health Guidelines (2018) ask for; below 16 °C breathing suffers and below 12 °C
blood pressure rises (WHO 1987, Collins 1986). 35 °C is where China's high-temperature warning begins (yellow, CMA),
38 is our own choice.

When it ends: Cleared when every room has been between 17 and 33 °C for fifteen minutes; a person still asks and
closes it.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from alerts.judging.findings import Evidence, Findings
from alerts.judging.fleet import Batch, Fleet
from alerts.judging.params import limit
from alerts.lifecycle.backoff import Backoff
from alerts.rules._common import device_names, evidence, iso, marked, one_per_home
from core.arrays import F8
from core.catalogue import metrics
from core.clock import HOUR, MINUTE
from core.model import Severity

TITLE_ZH, TITLE_EN = "室温异常", "Room too cold or too hot"
ABOUT_ZH = (
    "怎么办：打电话问一问：冷了看取暖，热了开窗、开空调、多喝水；不舒服的安排上门或就医。\n"
    "看什么：各房间温湿度计的温度。\n"
    "界限：低于 16 °C 或不低于 35 °C 满半小时按“注意”；低于 12 °C 或不低于 38 °C 按“急”。世界卫生组织《住房与健康"
    "指南》（2018）要求不低于 18 °C；低于 16 °C 呼吸道受害，低于 12 °C 血压升高（WHO 1987，Collins 1986）。35 °C "
    "是中国高温黄色预警的界限（中国气象局），38 °C 是自定的。\n"
    "何时结束：所有房间都在 17 至 33 °C 之间满 15 分钟标为“已解除”，仍由值班员问过后办结。"
)
SEVERITY = Severity.ATTENTION
SCENARIO = "environment"
METRICS = ("temperature",)
CLEAR_AFTER = timedelta(minutes=15)
BACKOFF = Backoff()
HISTORY = timedelta(hours=2)
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Params:
    """Degrees Celsius, minutes and hours."""

    cold: F8 = limit(16, 16, 20, "°C", "过冷", "too cold", sooner="higher", source="WHO 1987")
    very_cold: F8 = limit(12, 12, 16, "°C", "严重过冷", "much too cold", sooner="higher", source="Collins 1986")
    hot: F8 = limit(35, 28, 35, "°C", "过热", "too hot", sooner="lower", source="CMA, yellow warning")
    very_hot: F8 = limit(38, 30, 40, "°C", "严重过热", "much too hot", sooner="lower")
    clear_cold: F8 = limit(17, 16, 21, "°C", "过冷解除值", "no longer too cold", sooner="higher")
    clear_hot: F8 = limit(33, 26, 35, "°C", "过热解除值", "no longer too hot", sooner="lower")
    sustained_minutes: F8 = limit(30, 0, 120, "min", "持续多久报警", "for how long", sooner="lower")
    fresh_hours: F8 = limit(4, 1, 12, "h", "读数有效时间", "how long a reading holds", sooner="higher")

    ORDER: ClassVar = (("very_cold", "cold", "clear_cold", "clear_hot", "hot", "very_hot"),)


def _since(fleet: Fleet) -> NDArray[np.int64]:
    return fleet.scratch("room_temperature", "outside since", len(fleet.column("temperature")), 0, np.int64)


def _inside(fleet: Fleet) -> NDArray[np.int64]:
    return fleet.scratch("room_temperature", "last inside at", len(fleet.column("temperature")), 0, np.int64)


def observe(fleet: Fleet, batch: Batch, params: Params) -> Findings:
    """Remember since when each room has been outside; `tick` judges how long."""
    found = batch.of("temperature")
    since, inside = _since(fleet), _inside(fleet)
    outside = (found.value < params.cold[found.home]) | (found.value >= params.hot[found.home])
    np.maximum.at(inside, found.slot[~outside], found.ts[~outside])
    touched = np.unique(found.slot)
    begun = np.where((since > inside) & (since > 0), since, NEVER)
    lasts = outside & (found.ts > inside[found.slot])  # a burst may bring the cold and its end at once, or late
    np.minimum.at(begun, found.slot[lasts], found.ts[lasts])
    since[touched] = np.where(begun[touched] == NEVER, 0, begun[touched])
    return Findings.none()


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Homes with a room that has been outside for long enough."""
    column, since = fleet.column("temperature"), _since(fleet)
    lasting = (since > 0) & (now - since >= params.sustained_minutes[column.home] * MINUTE)
    slots = np.flatnonzero(lasting & (now - column.ts < params.fresh_hours[column.home] * HOUR))
    slots = slots[one_per_home(column.home[slots], np.abs(column.value[slots] - 22))]
    value, home = column.value[slots], column.home[slots]
    severe = (value < params.very_cold[home]) | (value >= params.very_hot[home])

    def show(position: int) -> Evidence:
        slot = int(slots[position])
        row, degrees = int(column.device[slot]), float(column.value[slot])
        cold = degrees < params.cold[home[position]]
        passed = (params.cold if cold else params.hot)[home[position]]
        zh, en = ("过冷", "too cold") if cold else ("过热", "too hot")
        name = device_names(fleet, row)[0]
        return evidence(
            fleet, row, f"室温 {degrees:.1f} °C，{zh}（{name}）", f"The room is at {degrees:.1f} °C: {en}",
            metric=metrics()["temperature"], value=degrees, limit=float(passed),
            since=iso(since[slot]),
        )  # fmt: skip

    severity = [Severity.URGENT if bad else SEVERITY for bad in severe]
    outside = (column.value < params.clear_cold[column.home]) | (column.value >= params.clear_hot[column.home])
    return Findings.of(
        home, since[slots], severity=severity, evidence=show, device=column.device[slots],
        score=np.abs(value - 22), value=value, clear=~marked(fleet, column, outside),
    )  # fmt: skip
