"""烟雾报警器报警：可能着火。

A smoke alarm sounds. The detector itself has judged by its own standard (EN 14604; GB 20517-2006 in China), so one
report is enough. Over when every smoke detector of the home has said 0 for five minutes (own choice: smoke comes in
waves).
"""

from dataclasses import dataclass
from datetime import timedelta

from alerts.findings import Findings
from alerts.fleet import Batch, Fleet
from alerts.rules._common import marked, pressed
from core.model import Severity

TITLE_ZH, TITLE_EN = "烟雾报警", "Smoke alarm"
SEVERITY = Severity.EMERGENCY
SCENARIO = "fire_gas"
METRICS = ("smoke",)
CLEAR_AFTER = timedelta(minutes=5)
BACKOFF = None  # never only shown


@dataclass(frozen=True)
class Params:
    """Nothing to set."""


def observe(fleet: Fleet, batch: Batch, params: Params) -> Findings:
    """A finding per report of smoke."""
    return pressed(fleet, batch, "smoke", SEVERITY, "{}报警：可能着火", "The {} sounds: there may be a fire")


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Says only where the smoke is gone."""
    column = fleet.column("smoke")
    return Findings.none(clear=~marked(fleet, column, column.value > 0))
