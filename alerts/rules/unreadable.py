"""What to do: Nobody knows what it says, so take it for real: call and ask at once, then tell the vendor. Its text and
the reason are among the refused messages.

What it sees: A message that came by the way of emergencies, or names one, and could not be read: broken bytes, a
word where a number belongs, a wrong topic.

Limits: One is enough. Own rule: in doubt, raise, for it may be a cry for help.

When it ends: Only a person closes it.
"""

from dataclasses import dataclass

from alerts.judging.findings import Findings
from alerts.judging.fleet import Batch, Fleet
from alerts.rules._common import Report, reported
from core.model import Severity

TITLE_ZH, TITLE_EN = "无法识别的紧急消息", "Unreadable emergency"
ABOUT_ZH = (
    "怎么办：内容不明，先当真：立即打电话核实，再通知厂商修正。原文和原因在“被拒消息”页。\n"
    "看什么：设备按紧急消息的方式发来、或写明是紧急的，却无法识别的消息：乱码、该是数字的地方是文字、主题写错。\n"
    "界限：一条就报。自定：拿不准就报警，因为它可能是求救。\n"
    "何时结束：只有值班员能办结。"
)
SEVERITY = Severity.EMERGENCY
SCENARIO = "health"
METRICS = ("unreadable",)
CLEAR_AFTER = None  # a person closes it
BACKOFF = None  # every one counts


@dataclass(frozen=True)
class Params:
    """Nothing to set."""


def observe(fleet: Fleet, batch: Batch, params: Params) -> Findings:
    """A finding per message."""
    zh = "{}发来无法识别的紧急消息，请立即核实；原文见“被拒消息”"
    en = "The {} sent an emergency that could not be read: check at once; its text is among the rejected messages"
    return reported(fleet, batch, {"unreadable": Report(SEVERITY, zh, en)})
