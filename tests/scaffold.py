"""Begins a rule, a device type or an incident: `python -m tests.scaffold rule NAME` and so on, or `make new-…`.

It stands beside the contract tests, which what it writes passes as it is, and is never shipped.
"""

import keyword
import re
import sys
from pathlib import Path
from string import Template

from core.catalogue import metrics

RULE = '''"""What to do: Ask by telephone how it is; no answer: the grid worker goes.

What it sees: Whether a device of the home says $metric.

Limits: It has said so for five minutes; own choice: name a source for each number, or say that it is your own.

When it ends: Cleared when every such device of the home has said otherwise for ten minutes; a person still asks and
closes it.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from alerts.judging.findings import Evidence, Findings
from alerts.judging.fleet import Fleet
from alerts.judging.params import limit
from alerts.lifecycle.backoff import Backoff
from alerts.rules._common import device_names, evidence, iso, marked, one_per_home
from core.arrays import F8
from core.catalogue import metrics
from core.clock import MINUTE
from core.model import Severity

TITLE_ZH, TITLE_EN = "$zh", "$en"
ABOUT_ZH = (
    "怎么办：先打电话询问情况；打不通请网格员上门看一看，再把看到的情况写进备注。\\n"
    "看什么：本户有没有设备报告“$metric_zh”。\\n"
    "界限：持续 5 分钟就报警；这是自定的数值：每个数值都要写明出处，没有出处的写明是自定的。\\n"
    "何时结束：本户这类设备都不再报告满 10 分钟标为“已解除”，仍由值班员问过后办结。"
)
SEVERITY = Severity.ATTENTION
SCENARIO = "security"  # one of alerts.rules.SCENARIOS
METRICS = ("$metric",)
CLEAR_AFTER = timedelta(minutes=10)  # None: a mere event, which a person closes
BACKOFF = Backoff()  # None: raised again after each answer for as long as it holds


@dataclass(frozen=True)
class Params:
    """How long it must have held."""

    minutes: F8 = limit(5, 1, 60, "min", "持续多久报警", "for how long", sooner="lower")


def tick(fleet: Fleet, now: int, params: Params) -> Findings:
    """Homes where it has held for so long; the newest stands for the home."""
    column = fleet.column(METRICS[0])
    held = np.flatnonzero((column.value > 0) & (now - column.since >= params.minutes[column.home] * MINUTE))
    held = held[one_per_home(column.home[held], column.since[held].astype(float))]

    def show(position: int) -> Evidence:
        slot = int(held[position])
        row = int(column.device[slot])
        zh, en = device_names(fleet, row)
        return evidence(
            fleet, row, f"{zh}报告：$metric_zh", f"The {en} says: $metric_en",
            metric=metrics()[METRICS[0]], value=float(column.value[slot]), since=iso(column.since[slot]),
        )  # fmt: skip

    return Findings.of(
        column.home[held], column.since[held], severity=SEVERITY, evidence=show, device=column.device[held],
        clear=~marked(fleet, column, column.value > 0),
    )  # fmt: skip
'''

DEVICE_TYPE = """zh = "$zh"
en = "$en"
cadence = 3600  # seconds between reports when nothing happens
silent_after = "13h"  # no word for this long means the device is silent

# A metric that nobody else has yet is defined here; its id is for ever. Of those there are [metrics.NAME] is enough.
[metrics.${name}_active]
id = $free
zh = "$zh"
en = "$en"
kind = "binary"  # event · binary · level · counter
unit = ""
range = [0, 1]  # what is physically plausible

[metrics.battery]

[simulator]  # how simulated homes have one; without it they have none
signal = "steady"  # or a function of device_sim/signals.py
quiet = ["${name}_active"]  # says 0 at the cadence
share = 0.1  # of the homes
room = "living_room"
vendor = "anju"
"""

INCIDENT = '''"""What happens in the home, in one or two sentences, and why it matters."""

from random import Random

from device_sim.fleet import Home
from device_sim.incidents import Say, Script

EXPECT: tuple[str, ...] = ("sos",)  # the rules that should raise
WITHIN = 5.0  # seconds
NEEDS = "sos_button"  # a device type that the home must have


def unfold(home: Home, random: Random) -> Script:
    """What the home's devices say, in seconds from its begin."""
    return Script((Say(random.uniform(0, 2), NEEDS, {"sos": 1}),))
'''

KINDS = {
    "rule": (RULE, "alerts/rules/{}.py"),
    "device-type": (DEVICE_TYPE, "core/device_types/{}.toml"),
    "incident": (INCIDENT, "device_sim/incidents/{}.py"),
}


def begin(kind: str, name: str, root: Path, metric: str = "tamper") -> Path:
    """Write the file of a new rule (of `metric`), device type or incident; raises SystemExit with what to change."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{2,40}", name) or keyword.iskeyword(name):
        raise SystemExit(f"NAME={name!r}: small letters, digits and _, beginning with a letter, such as bathroom_stay")
    if metric not in metrics():
        raise SystemExit(f"METRIC={metric!r} is not one of {', '.join(metrics())}")
    template, place = KINDS[kind]
    path = root / place.format(name)
    if path.exists():
        raise SystemExit(f"{path} is there already")
    said = metrics()[metric]
    text = Template(template).substitute(
        name=name, zh=f"新增{name}", en=name.replace("_", " ").capitalize(), metric=metric, metric_zh=said.zh,
        metric_en=said.en.lower(), free=max(one.id for one in metrics().values()) + 1,
    )  # fmt: skip
    path.write_text(text, encoding="utf-8")
    return path


if __name__ == "__main__":
    wanted, called, *of = [word for word in sys.argv[1:] if word]
    print(begin(wanted, called, Path(), *of))
