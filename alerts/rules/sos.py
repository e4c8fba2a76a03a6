"""What to do: Answer at once: call the person; no answer: send somebody and call 120.

What it sees: The SOS button, also on a wristband or watch: every press counts.

Limits: None: nothing is averaged, delayed or grouped. An activation of the personal trigger must be signalled
without condition (EN 50134-1, social alarm systems). A press that arrives late is raised too, marked late.

When it ends: Only a person closes it. Another press after somebody took it rings again.
"""

from dataclasses import dataclass

from alerts.judging.findings import Findings
from alerts.judging.fleet import Batch, Fleet
from alerts.rules._common import Report, reported
from core.model import Severity

TITLE_ZH, TITLE_EN = "紧急呼叫", "SOS pressed"
ABOUT_ZH = (
    "怎么办：立即回应：打电话给老人；无人应答马上派人上门，同时拨 120。\n"
    "看什么：紧急呼叫按钮、手环或手表上的按键：每按一次都算。\n"
    "界限：没有界限，不平均、不延迟、不合并：触发个人报警必须无条件上报（EN 50134-1 社会报警系统）。晚到的也报，"
    "标为“迟到”。\n"
    "何时结束：只有值班员能办结。接警以后又按一次，会再次响铃。"
)
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
    told = Report(SEVERITY, "{}被按下，请求帮助", "The {} was pressed: asking for help")
    return reported(fleet, batch, {"sos": told})
