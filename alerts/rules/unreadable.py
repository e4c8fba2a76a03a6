"""设备发来无法识别的紧急消息：内容不明，先当真，立即电话核实，并通知厂商修正。

A terminal sent something by the way of emergencies, or naming one, that could not be read: broken bytes, a word where a
number belongs, a wrong topic. It may be a cry for help, so a person must look. Its text stands in the list of refused
messages with the reason for the vendor. Only a person may close the alert. Own rule: in doubt, raise.
"""

from dataclasses import dataclass
from datetime import timedelta

from alerts.findings import Findings
from alerts.fleet import Batch, Fleet
from alerts.rules._common import pressed
from core.model import Severity

TITLE_ZH, TITLE_EN = "无法识别的紧急消息", "Unreadable emergency"
SEVERITY = Severity.EMERGENCY
SCENARIO = "health"
METRICS = ("unreadable",)
CLEAR_AFTER = timedelta()


@dataclass(frozen=True)
class Params:
    """Nothing to set."""


def observe(fleet: Fleet, batch: Batch, params: Params) -> Findings:
    """A finding per message."""
    zh = "{}发来无法识别的紧急消息，请立即核实；原文见“被拒消息”"
    en = "The {} sent an emergency that could not be read: check at once; its text is among the rejected messages"
    return pressed(fleet, batch, "unreadable", SEVERITY, zh, en)
