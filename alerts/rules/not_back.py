"""外出久未归：先打电话，再问亲属、邻居，或上门看看是不是摔在门后。

The last sign of life was the house door, and for twelve hours (own choice) there has been none. Most who look so are
visiting or in hospital, so it is less urgent than silence in the home; but who falls behind the door looks like who
left. An absence lasts for weeks: once it was answered often enough it is only shown, and is aloud again every second
day. It is over when anything but the door shows life, or the door is used again.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from alerts.backoff import Backoff
from alerts.findings import Evidence, Findings
from alerts.fleet import Fleet
from alerts.rules._common import (
    HOUR,
    device_names,
    en_duration,
    evidence,
    iso,
    left_home,
    spoken_for,
    watching_since,
    zh_duration,
)
from core.model import Severity

TITLE_ZH, TITLE_EN = "外出未归", "Out and not back"
SEVERITY = Severity.ATTENTION
SCENARIO = "activity"
METRICS = ("door_open",)
CLEAR_AFTER = timedelta()
BACKOFF = Backoff(longest=timedelta(days=2))  # perhaps somebody lies behind the door: own choice


@dataclass(frozen=True)
class Params:
    """Hours; own choice."""

    away_hours: float = 12.0


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Homes whose person left and has not been noticed since."""
    last = np.maximum(fleet.last_life, watching_since(fleet, now))
    still, limit = now - last, params.away_hours * HOUR
    if (still < limit / 2).all():
        return Findings.none(clear=np.ones(len(last), bool))
    away = left_home(fleet)
    homes = spoken_for(fleet, now, np.flatnonzero(away & (still > limit)))

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
        score=still[homes] / limit, clear=~away | (still < limit / 2),
    )  # fmt: skip
