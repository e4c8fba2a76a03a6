"""How long the engine takes to judge every home once; `python -m bench.tick HOMES [BASE]` in a process of its own.

With BASE, a commit or a tag, its code judges as many homes in the same run, and the ratio is what counts: a machine's
noise hits both alike.
"""

import argparse
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from alerts.judging.fleet import Fleet
from alerts.judging.params import limits
from alerts.judging.policy import Own, resolved
from alerts.rules import Rule, discover
from core.catalogue import device_types
from core.clock import HOUR, MINUTE, SECOND

ROOT = Path(__file__).parents[1]
PAIRS = 7  # runs of each code beside a base
TYPES = ("gateway", "sos_button", "smoke_detector", "motion_sensor", "door_contact", "bed_sensor")


def fleet_of(homes: int, now: int) -> Fleet:
    """`homes` homes of six devices each, all of them heard within the last minutes and with a learned rhythm."""
    random = np.random.default_rng(1)
    ids = np.arange(1, homes + 1, dtype=np.int32)
    fleet = Fleet.from_arrays(
        home_ids=ids,
        device_ids=np.arange(1, homes * len(TYPES) + 1, dtype=np.int32),
        device_home_ids=np.repeat(ids, len(TYPES)),
        device_type=np.tile(np.arange(len(TYPES), dtype=np.int16), homes),
        types=tuple(device_types()[code] for code in TYPES),
        installed_at=np.zeros(homes * len(TYPES), np.int64),
        zone=ZoneInfo("Asia/Shanghai"),
    )
    fleet.last_seen[:] = now - random.integers(0, MINUTE, len(fleet.last_seen))
    fleet.last_life[:] = now - random.integers(0, HOUR, homes)
    fleet.baseline[:] = 7200
    for column in fleet.slots.columns.values():
        column.ts[:] = now - random.integers(0, MINUTE, len(column.ts))
        column.seen[:] = column.ts
        column.since[:] = column.ts
        column.value[:] = 60 if column.metric.high > 1 else 0
    return fleet


def measure(homes: int, rounds: int = 20) -> dict[str, float]:
    """Median milliseconds of one tick per rule, of all of them (`all`), and with own values (`own`), in turns."""
    now = time.time_ns() // 1000
    fleet = fleet_of(homes, now)
    rules = [(rule, rule.tick) for rule in discover().values() if rule.tick is not None]
    default = {rule.name: rule.over(fleet) for rule, _ in rules}
    own = {rule.name: with_own_values(rule, homes) for rule, _ in rules}
    times: dict[str, list[float]] = {name: [] for name in (*(rule.name for rule, _ in rules), "all", "own")}
    for number in range(rounds):
        for name, params in (("all", default), ("own", own)):
            begin = time.perf_counter()
            for rule, judge in rules:
                start = time.perf_counter()
                judge(fleet, now + number * SECOND, params[rule.name])
                if name == "all":
                    times[rule.name].append(time.perf_counter() - start)
            times[name].append(time.perf_counter() - begin)
    return {name: float(np.median(values[1:])) * 1000 for name, values in times.items()}


def with_own_values(rule: Rule, homes: int) -> Any:
    """The parameters of a rule of which every twentieth home has values of its own, half the way to the strictest."""
    chosen = np.random.default_rng(2).choice(homes, homes // 20, replace=False).astype(np.int32)
    stricter = {
        name: (one.default + (one.least if one.sooner == "lower" else one.most)) / 2
        for name, one in limits(rule.params).items()
    }
    return resolved(rule, homes, [Own(name, chosen, value) for name, value in stricter.items()]).params


def _peak() -> int:
    """kB of memory this process has held at most; `ru_maxrss` would be that of who started it, if that was more."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def measure_apart(homes: int, root: Path = ROOT) -> dict[str, float]:
    """`measure` and the resident memory (`gib`), in a fresh process on `root`'s code."""
    command = [sys.executable, "-m", "bench.tick", str(homes)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=root).stdout
    told: dict[str, float] = json.loads(said)
    return told


def beside(homes: int, base: str, root: Path = ROOT) -> tuple[float, float]:
    """Milliseconds of one tick of all rules: (the code in `root`, that of the commit `base`), in turns."""
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(["git", "archive", base], check=True, capture_output=True, cwd=root).stdout
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(folder, filter="data")
        pairs = [(measure_apart(homes, root)["all"], measure_apart(homes, Path(folder))["all"]) for _ in range(PAIRS)]
    ours, theirs = zip(*pairs, strict=True)
    return median(ours), median(theirs)


def commit(name: str, root: Path = ROOT) -> str:
    """The id of a commit or tag; raises ArgumentTypeError where there is none."""
    command = ["git", "rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}"]
    found = subprocess.run(command, capture_output=True, text=True, cwd=root, check=False).stdout.strip()
    if not found:
        raise argparse.ArgumentTypeError(f"there is no commit or tag {name!r} here")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.tick", description=__doc__)
    parser.add_argument("homes", type=int)
    parser.add_argument("base", type=commit, nargs="?", help="a commit or tag whose code to measure beside this one")
    options = parser.parse_args()
    if options.base:
        ours, theirs = beside(options.homes, options.base)
        figures = {"all": ours, "base": theirs, "ratio": ours / theirs}
    else:
        figures = measure(options.homes, rounds=6)
        figures["gib"] = _peak() / 1024**2
    json.dump(figures, sys.stdout)
