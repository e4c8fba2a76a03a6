"""How long the engine takes to judge every home once; `python -m bench.tick HOMES` in a process of its own."""

import json
import resource
import subprocess
import sys
import time
from zoneinfo import ZoneInfo

import numpy as np

from alerts.fleet import Fleet
from alerts.rules import discover
from core.catalogue import device_types

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
    fleet.last_seen[:] = now - random.integers(0, 60_000_000, len(fleet.last_seen))
    fleet.last_life[:] = now - random.integers(0, 3_600_000_000, homes)
    fleet.baseline[:] = 7200
    for column in fleet.slots.columns.values():
        column.ts[:] = now - random.integers(0, 60_000_000, len(column.ts))
        column.seen[:] = column.ts
        column.since[:] = column.ts
        column.value[:] = 60 if column.metric.high > 1 else 0
    return fleet


def measure(homes: int, rounds: int = 20) -> dict[str, float]:
    """Median milliseconds of one tick per rule, and of all of them together under `all`."""
    now = time.time_ns() // 1000
    fleet = fleet_of(homes, now)
    rules = [(rule, rule.tick) for rule in discover().values() if rule.tick is not None]
    times: dict[str, list[float]] = {name: [] for name in (*(rule.name for rule, _ in rules), "all")}
    for number in range(rounds):
        begin = time.perf_counter()
        for rule, judge in rules:
            start = time.perf_counter()
            judge(fleet, now + number * 1_000_000, rule.params)
            times[rule.name].append(time.perf_counter() - start)
        times["all"].append(time.perf_counter() - begin)
    return {name: float(np.median(values[1:])) * 1000 for name, values in times.items()}


def measure_apart(homes: int) -> tuple[float, float]:
    """(milliseconds of one tick of all rules, resident memory in GiB), measured in a fresh process."""
    command = [sys.executable, "-m", "bench.tick", str(homes)]
    told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return told["all"], told["gib"]


if __name__ == "__main__":
    figures = measure(int(sys.argv[1]), rounds=6)
    figures["gib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    json.dump(figures, sys.stdout)
