"""A steady load for as long as wanted: `python -m bench.soak --minutes 30`. Memory and connections stay flat.

Exit status 1 if a program's memory grew by more than a tenth (and 20 MB) between the second quarter of the time and the
last, if database connections grew, or if a reading is missing.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psycopg

from bench.rig import READINGS, Rig, a_rig, stored

GROWTH = 0.1
SLACK_MB = 20.0  # allocators and caches breathe by this much
EVERY = 5.0  # seconds between looks


class Look(NamedTuple):
    """What one look saw."""

    memory: dict[str, float]  # MB resident, by program
    connections: int


def look(rig: Rig, conn: psycopg.Connection) -> Look:
    """Resident memory of our programs and the broker, and how many connections the database has."""
    pids = {name: program.process.pid for name, program in rig.programs.items() if program.process}
    if rig.site.broker.process:
        pids["mosquitto"] = rig.site.broker.process.pid
    memory = {name: _resident(pid) for name, pid in pids.items()}
    row = conn.execute("SELECT count(*) FROM pg_stat_activity WHERE usename <> 'postgres'").fetchone()
    assert row
    return Look(memory, row[0])


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def verdict(looks: list[Look]) -> list[str]:
    """What grew; empty when all is flat."""
    quarter = len(looks) // 4
    early, late = looks[quarter : 2 * quarter], looks[-quarter:]
    found = []
    for name in looks[0].memory:
        before, after = (statistics.median(one.memory[name] for one in part) for part in (early, late))
        print(f"{name:<12} {before:8.1f} MB → {after:8.1f} MB")
        if after > before * (1 + GROWTH) and after > before + SLACK_MB:
            found.append(f"{name} grew from {before:.0f} to {after:.0f} MB")
    before, after = (max(one.connections for one in part) for part in (early, late))
    print(f"{'connections':<12} {before:8} → {after:8}")
    if after > before:
        found.append(f"database connections grew from {before} to {after}")
    return found


def soak(minutes: float, rate: float, homes: int) -> list[str]:
    """Run it; returns what is wrong. Raises TimeoutError if a reading is missing."""
    count = int(minutes * 60 * rate)
    with tempfile.TemporaryDirectory() as temp, a_rig(Path(temp), homes) as rig, rig.connect() as conn:
        rig.start()
        try:
            load, looks = rig.load(count, rate).go(), []
            while load.running:
                looks.append(look(rig, conn))
                print(f"{stored(conn):>14,} of {READINGS * count:,} readings stored", file=sys.stderr, flush=True)
                time.sleep(EVERY)
            load.wait()
            rig.wait_judged(conn, READINGS * count, 60)
            row = conn.execute("SELECT count(*) FROM reading").fetchone()
            assert row
            lost = [] if row[0] == READINGS * count else [f"{row[0]} readings are stored, not {READINGS * count}"]
        finally:
            rig.stop()
    return verdict(looks) + lost


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=2000, help="messages a second, of three readings each")
    parser.add_argument("--homes", type=int, default=1000)
    options = parser.parse_args()
    if wrong := soak(options.minutes, options.rate, options.homes):
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
