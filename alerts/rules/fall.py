"""What to do: Call at once; no answer, or the person can't get up: send somebody and call 120. Don't wait for a second
report.

What it sees: The own judgement of a fall radar or a wristband: one report is enough. Where it only suspects a fall,
the alert is urgent and not an emergency; a fall that it is sure of afterwards makes it one.

Limits: The device judges by its own standard and nothing is added. Half of those who lie on the floor for more than
an hour die within six months (Wild, Nayak, Isaacs, BMJ 1981;282:266). Late reports are raised too, marked late.

When it ends: Only a person closes it. Another fall after somebody took it rings again.
"""

from dataclasses import dataclass

from alerts.judging.findings import Findings
from alerts.judging.fleet import Batch, Fleet
from alerts.rules._common import Report, reported
from core.model import Severity

TITLE_ZH, TITLE_EN = "跌倒", "Fall"
ABOUT_ZH = (
    "怎么办：立即打电话；无人应答、或起不来，马上派人上门并拨 120。不要等第二次报警。\n"
    "看什么：跌倒雷达或手环自己的判断：报一次就算一次。设备只说“疑似”的按“急”处理；随后确认跌倒的升为“紧急”。\n"
    "界限：设备按自己的标准判断，系统不再加条件。倒地超过一小时的老人，半年内有一半去世（Wild、Nayak、Isaacs，"
    "BMJ 1981;282:266）。晚到的也报，标为“迟到”。\n"
    "何时结束：只有值班员能办结。接警以后又报跌倒，会再次响铃。"
)
SEVERITY = Severity.EMERGENCY
SCENARIO = "health"
TELLS = {
    "fall": Report(SEVERITY, "{}报告有人跌倒", "The {} reports a fall"),
    "fall_suspected": Report(Severity.URGENT, "{}疑似有人跌倒，请核实", "The {} suspects a fall: ask"),
}
METRICS = tuple(TELLS)
CLEAR_AFTER = None  # a person closes it
BACKOFF = None  # every one counts


@dataclass(frozen=True)
class Params:
    """Nothing to set."""


def observe(fleet: Fleet, batch: Batch, params: Params) -> Findings:
    """A finding per reported fall."""
    return reported(fleet, batch, TELLS)
