"""雷达检测到跌倒：先打电话，无人应答即派人上门。

A fall radar reports a fall. Half of those who lie on the floor for more than an hour die within six months
(Wild, Nayak, Isaacs, BMJ 1981;282:266), so the sensor's own judgement is passed on at once; late ones are marked.
"""

from dataclasses import dataclass

from alerts.findings import Findings
from alerts.fleet import Batch, Fleet
from alerts.rules._common import pressed
from core.model import Severity

TITLE_ZH, TITLE_EN = "跌倒", "Fall"
SEVERITY = Severity.EMERGENCY
SCENARIO = "health"
METRICS = ("fall",)
CLEAR_AFTER = None  # a person closes it
BACKOFF = None  # every one counts


@dataclass(frozen=True)
class Params:
    """Nothing to set."""


def observe(fleet: Fleet, batch: Batch, params: Params) -> Findings:
    """A finding per reported fall."""
    return pressed(fleet, batch, "fall", SEVERITY, "{}报告有人跌倒", "The {} reports a fall")
