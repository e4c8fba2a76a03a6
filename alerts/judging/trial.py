"""An alarm beside its device's test flag may be a test: it is raised like any other, and says so. Pure.

A test flag alone never alarms, and never keeps an alarm from being raised: whoever presses the test button while the
kitchen burns must be heard.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from alerts.judging.findings import Evidence, Findings
from alerts.judging.fleet import Fleet
from alerts.lifecycle.states import CALLS

# Flag and alarm of one press come in one message, or a moment apart where a device says each change by itself. A minute
# is our own choice: the time within which an emergency must be answered, so that who answers knows.
BESIDE = 60_000_000  # µs
ZH, EN = "；该设备同时报告正在测试（测试？）", "; the device says at the same time that it is being tested (test?)"


def show_tests(fleet: Fleet, findings: Findings) -> Findings:
    """The findings, of which those that call somebody and stand beside a test flag of their device say so."""
    tested = _in_test(fleet, findings)
    for position in np.flatnonzero(tested):  # few: devices in test
        tested[position] = findings.severity_of(int(position)) in CALLS
    if not tested.any():
        return findings

    def show(position: int) -> Evidence:
        shown = findings.evidence(position)
        if not tested[position]:
            return shown
        said = {"text_zh": shown.get("text_zh", "") + ZH, "text_en": shown.get("text_en", "") + EN}
        return shown | said | {"test": True}

    return replace(findings, evidence=show, tested=tested)


def _in_test(fleet: Fleet, findings: Findings) -> NDArray[np.bool_]:
    """Which findings happened while their device said 1 of `test`, or within BESIDE before or after."""
    flag = fleet.column("test")
    if not len(findings) or not len(flag):
        return np.zeros(len(findings), bool)
    row = np.minimum(np.searchsorted(flag.device, findings.device), len(flag) - 1)
    found: NDArray[np.bool_] = (
        (flag.device[row] == findings.device)
        & (flag.value[row] == 1)
        & (findings.at >= flag.since[row] - BESIDE)
        & (findings.at <= flag.ts[row] + BESIDE)
    )
    return found
