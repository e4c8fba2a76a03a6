"""老人按下了紧急呼叫按钮：立即回应。

Somebody pressed the SOS button. Every press counts: the person asks for help, so nothing is averaged, delayed or
suppressed, and only a person may close the alert. A press that arrives late is raised too, marked late.
Source: EN 50134-1 (social alarm systems): an activation of the personal trigger must be signalled without condition.
"""

from dataclasses import dataclass

from alerts.findings import Findings
from alerts.fleet import Batch, Fleet
from alerts.rules._common import pressed
from core.model import Severity

TITLE_ZH, TITLE_EN = "紧急呼叫", "SOS pressed"
SEVERITY = Severity.EMERGENCY
SCENARIO = "health"
METRICS = ("sos",)
CLEAR_AFTER = None  # a person closes it
BACKOFF = None  # every one counts


@dataclass(frozen=True)
class Params:
    """Nothing to set."""


def observe(fleet: Fleet, batch: Batch, params: Params) -> Findings:
    """A finding per press."""
    return pressed(fleet, batch, "sos", SEVERITY, "{}被按下，请求帮助", "The {} was pressed: asking for help")
