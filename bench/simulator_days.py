"""Simulated days beside two real ones: `python -m bench.simulator_days FOLDER` prints the table of docs/simulator.md.

FOLDER holds the files of "Activities of Daily Living Recognition Using Binary Sensors" (Ordóñez, de Toledo, Sanchis,
Sensors 2013, 13, 5460): what was done (`*_ADLs.txt`) and what sensors said (`*_Sensors.txt`).
"""

import argparse
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from device_sim.fleet import SimulatedFleet
from device_sim.life import day
from device_sim.signals import readings

HOUR = 3600.0
DAYS = 21  # of each simulated home
SIGNS = {"motion_sensor": "motion", "bed_sensor": "in_bed", "door_contact": "door_open"}
WHAT = {"Sleeping": "asleep", "Toileting": "toilet", "Leaving": "out"}


class Stretch(NamedTuple):
    """Something that was done, in seconds of local time since 1970."""

    begin: float
    end: float
    what: str


class Life(NamedTuple):
    """One person: what she did, and when sensors saw her."""

    done: list[Stretch]
    seen: NDArray[np.float64]


def _rows(path: Path) -> Iterable[tuple[float, float, str]]:
    for line in path.read_text(encoding="utf-8").splitlines()[2:]:
        fields = [field.strip() for field in re.split(r"\t+", line.strip()) if field.strip()]
        if len(fields) >= 3:
            begin, end = (datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() for text in fields[:2])
            yield begin, end, fields[2]


def real(folder: Path, name: str) -> Life:
    """One of the two homes."""
    done = [Stretch(a, b, WHAT[what]) for a, b, what in _rows(folder / f"{name}_ADLs.txt") if what in WHAT]
    seen = [moment for a, b, _ in _rows(folder / f"{name}_Sensors.txt") for moment in (a, b)]
    return Life(sorted(done), np.sort(seen))


def simulated(fleet: SimulatedFleet, number: int) -> Life:
    """One simulated home, local time taken as UTC."""
    done: list[Stretch] = []
    seen: list[float] = []
    home = fleet.homes[number]
    for offset in range(DAYS):
        on = date(2026, 3, 2) + timedelta(days=offset)
        midnight = datetime(on.year, on.month, on.day, tzinfo=UTC).timestamp()
        done += [Stretch(midnight + s.begin * 60, midnight + s.end * 60, s.what) for s in day(fleet.seed, number, on)]
        for device in home.devices:
            for metric, ts, values in readings(fleet.seed, home, device, on, UTC):  # type: ignore[arg-type]
                if metric == SIGNS.get(device.type):
                    changed = values != np.concatenate([[values[0] if len(values) else 0], values[:-1]])
                    seen += (ts[(values == 1) if metric == "motion" else changed] / 1e6).tolist()
    return Life(done, np.sort(seen))


def figures(life: Life) -> dict[str, float]:
    """What is compared."""
    first, last = life.done[0].begin, life.done[-1].end
    days = (last - first) / (24 * HOUR)
    nights = _nights(life.done)
    toilet = [one for one in life.done if one.what == "toilet"]
    out = [one.end - one.begin for one in life.done if one.what == "out"]
    at_night = [one for one in toilet if not 6 <= one.begin % (24 * HOUR) / HOUR < 23]
    gaps, hour = np.diff(life.seen), life.seen[:-1] % (24 * HOUR) / HOUR
    by_day = gaps[(hour >= 8) & (hour < 21) & (gaps > 60)]
    return {
        "night, hours from lying down to getting up (median)": float(np.median(nights)) / HOUR,
        "— shortest": min(nights) / HOUR,
        "— longest": max(nights) / HOUR,
        "trips to the toilet in 24 h": len(toilet) / days,
        "— of them from 23:00 to 06:00": len(at_night) / days,
        "outings in 24 h": len(out) / days,
        "— minutes each (median)": float(np.median(out)) / 60 if out else 0.0,
        "signs of life in 24 h": len(life.seen) / days,
        "silence by day (08–21), minutes, median of those over one": float(np.median(by_day)) / 60,
        "— 95th percentile": float(np.percentile(by_day, 95)) / 60,
        "longest silence of all, hours": float(gaps.max()) / HOUR,
    }


def _nights(done: list[Stretch]) -> list[float]:
    """Seconds of each night: sleep that is broken for less than an hour is one night; over three hours, not a nap."""
    nights: list[list[float]] = []
    for one in done:
        if one.what != "asleep":
            continue
        if nights and one.begin - nights[-1][1] < HOUR:
            nights[-1][1] = one.end
        else:
            nights.append([one.begin, one.end])
    return [end - begin for begin, end in nights[1:-1] if end - begin > 3 * HOUR]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.simulator_days", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    fleet = SimulatedFleet.make(60, 1)
    with_bed = [home.number for home in fleet.homes if home.device("bed_sensor")]
    lives = [figures(real(folder, name)) for name in ("OrdonezA", "OrdonezB")]
    made = [figures(simulated(fleet, number)) for number in with_bed]
    print(f"| | home A | home B | {len(made)} simulated: median (lowest to highest) |\n|---|---|---|---|")
    for name in lives[0]:
        values = np.array([one[name] for one in made])
        spread = f"{np.median(values):.1f} ({values.min():.1f} to {values.max():.1f})"
        print(f"| {name} | {lives[0][name]:.1f} | {lives[1][name]:.1f} | {spread} |")


if __name__ == "__main__":
    main()
