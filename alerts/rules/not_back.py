"""What to do: Call, then ask family and neighbours; nobody knows: go and look, somebody may lie behind the door.

What it sees: The last sign of life was the house door, and there has been none since.

Limits: Twelve hours without one (own choice). Most who look so are visiting or in hospital, so it is less urgent
than silence in the home; but who falls behind the door looks like who left.

When it ends: Cleared when anything in the home shows life or the door is used again; a person still asks and closes
it. What was answered often enough is only shown, and is aloud again every second day.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from alerts.judging.findings import Evidence, Findings
from alerts.judging.fleet import Fleet
from alerts.judging.params import limit
from alerts.lifecycle.backoff import Backoff
from alerts.rules._common import (
    device_names,
    en_duration,
    evidence,
    iso,
    left_home,
    spoken_for,
    watching_since,
    zh_duration,
)
from core.arrays import F8
from core.clock import HOUR
from core.model import Severity

TITLE_ZH, TITLE_EN = "外出未归", "Out and not back"
ABOUT_ZH = (
    "怎么办：先打电话，再问亲属、邻居；问不到就上门看看，人可能摔在门后。\n"
    "看什么：最后一个动静是户门，此后再没有任何动静。\n"
    "界限：12 小时没有动静（自定）。多数是走亲戚或住院，所以不如屋里无活动那样急；但倒在门后和出了门，看上去是一"
    "样的。\n"
    "何时结束：屋里有了动静，或门又开关过，标为“已解除”，仍由值班员问过后办结。多次答复仍未解除的转到“仍在持续”，"
    "每两天重新报警一次。"
)
SEVERITY = Severity.ATTENTION
SCENARIO = "activity"
METRICS = ("door_open",)
CLEAR_AFTER = timedelta()
BACKOFF = Backoff(longest=timedelta(days=2))  # perhaps somebody lies behind the door: own choice


@dataclass(frozen=True)
class Params:
    """Hours; own choice."""

    away_hours: F8 = limit(12, 2, 72, "h", "外出多久报警", "how long somebody may be out", sooner="lower")


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Homes whose person left and has not been noticed since."""
    last = np.maximum(fleet.last_life, watching_since(fleet, now))
    still, longest = now - last, params.away_hours * HOUR
    if (still < longest / 2).all():
        return Findings.none(clear=np.ones(len(last), bool))
    away = left_home(fleet)
    homes = spoken_for(fleet, now, np.flatnonzero(away & (still > longest)))

    def show(position: int) -> Evidence:
        home = int(homes[position])
        row, lasted = int(fleet.last_life_device[home]), float(still[home])
        zh, en = device_names(fleet, row)
        return evidence(
            fleet, row, f"外出 {zh_duration(lasted)}未归", f"Left home {en_duration(lasted)} ago and has not come back",
            since=iso(last[home]), last_sign_zh=zh, last_sign_en=en,
        )  # fmt: skip

    return Findings.of(
        homes, last[homes], severity=SEVERITY, evidence=show, device=fleet.last_life_device[homes],
        score=still[homes] / longest[homes], clear=~away | (still < longest / 2),
    )  # fmt: skip
