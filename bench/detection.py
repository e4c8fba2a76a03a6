"""How quiet `no_sign_of_life` is on two real lives, and how late it notices when they stop.

`python -m bench.detection FOLDER`, where FOLDER holds the files of "Activities of Daily Living Recognition Using
Binary Sensors" (Ordóñez, de Toledo, Sanchis, Sensors 2013, 13, 5460). Each day is judged by what was learned on the
days before.
"""

import argparse
import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from alerts.fleet import Fleet
from alerts.learn import MIN_DAYS, learn
from alerts.rules import discover

ZONE = ZoneInfo("UTC")  # the files' local time is taken as it is
MINUTE = 60_000_000
DAY = 1440 * MINUTE
STOPS = (8, 11, 15, 19, 22)  # o'clock at which a life is made to stop


def signs(path: Path) -> NDArray[np.int64]:
    """Every sensor's start and end, in µs, in order."""
    found = re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", path.read_text(encoding="utf-8"))
    moments = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in found]
    return np.array(sorted(int(moment.timestamp()) * 1_000_000 for moment in moments), np.int64)


def alarms(life: NDArray[np.int64], usual: NDArray[np.float32], begin: int, end: int) -> list[int]:
    """The minutes at which the rule begins to speak between `begin` and `end`."""
    rule = discover()["no_sign_of_life"]
    assert rule.tick is not None
    fleet = Fleet.build([1], [(1, 1, "motion_sensor")], zone=ZONE)
    fleet.baseline[0] = usual
    raised, speaking = [], False
    for now in range(begin, end, MINUTE):
        fleet.last_life[:] = life[np.searchsorted(life, now, side="right") - 1]
        fleet.last_life_device[:] = 0
        fleet.last_seen[:] = now
        fires = len(rule.tick(fleet, now, rule.params)) > 0
        if fires and not speaking:
            raised.append(now)
        speaking = fires
    return raised


def score(path: Path) -> None:
    """Print one home's figures."""
    life = signs(path)
    days = range(int(life[0]) // DAY + 1 + MIN_DAYS, int(life[-1]) // DAY)
    false, delays = 0, []
    for day in days:
        before = life[life < day * DAY]
        now = datetime.fromtimestamp(day * 86400, UTC)
        usual = learn(np.zeros(len(before), np.int32), before, 1, ZONE, now)[0][0]
        false += len(alarms(life, usual, day * DAY, (day + 1) * DAY))
        for hour in STOPS:
            stop = day * DAY + hour * 60 * MINUTE
            cut = life[life < stop]
            first = alarms(cut, usual, stop, stop + DAY)
            delays.append((first[0] - int(cut[-1])) / MINUTE / 60)
    weeks = len(days) / 7
    longest = float(np.diff(life).max()) / MINUTE / 60
    print(f"{path.stem}: {len(days)} days judged, longest silence {longest:.1f} h")
    print(f"  false alarms per home and week: {false / weeks:.2f} ({false} in {weeks:.1f} weeks)")
    print(f"  a life that stops is noticed after {np.median(delays):.1f} h (median), {max(delays):.1f} h (worst)")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.detection", description=__doc__)
    parser.add_argument("folder", type=Path)
    for path in sorted(parser.parse_args().folder.glob("*_Sensors.txt")):
        score(path)


if __name__ == "__main__":
    main()
