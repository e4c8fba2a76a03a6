"""What to do: Call at once: where there is fire or smoke everybody leaves and 119 is called. No answer: send somebody
and call 119.

What it sees: The smoke alarm's own judgement: one report is enough.

Limits: The detector has judged by its own standard (EN 14604; GB 20517-2025 in China) and nothing is added. Late
reports are raised too, marked late.

When it ends: Cleared when every smoke alarm of the home has said 0 for five minutes (own choice: smoke comes in
waves); a person still asks and closes it.
"""

from dataclasses import dataclass
from datetime import timedelta

from alerts.judging.findings import Findings
from alerts.judging.fleet import Batch, Fleet
from alerts.rules._common import Report, marked, reported
from core.model import Severity

TITLE_ZH, TITLE_EN = "烟雾报警", "Smoke alarm"
ABOUT_ZH = (
    "怎么办：立即打电话：有火、有烟就离开屋子并拨 119；打不通就派人，同时拨 119。\n"
    "看什么：烟雾报警器自己的判断：报一次就算一次。\n"
    "界限：报警器已按它的标准判断（EN 14604；中国 GB 20517-2025），系统不再加条件。晚到的也报，标为“迟到”。\n"
    "何时结束：本户所有烟雾报警器都报 0 满 5 分钟（自定：烟是一阵一阵的）标为“已解除”，仍由值班员问过后办结。"
)
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
    told = Report(SEVERITY, "{}报警：可能着火", "The {} sounds: there may be a fire")
    return reported(fleet, batch, {"smoke": told})


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Says only where the smoke is gone."""
    column = fleet.column("smoke")
    return Findings.none(clear=~marked(fleet, column, column.value > 0))
