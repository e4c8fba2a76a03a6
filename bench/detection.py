"""How quiet `no_sign_of_life` and `not_back` are on two real lives, and how late they notice when they stop.

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

from alerts.judging.fleet import Fleet
from alerts.judging.learn import MIN_DAYS, learn
from alerts.rules import discover
from core.catalogue import metrics
from core.clock import DAY, HOUR, MINUTE, to_us
from core.packed import READING, Packed

ZONE = ZoneInfo("UTC")  # the files' local time is taken as it is
BED, DOOR, MOTION, SEAT = 1, 2, 3, 4
DEVICE_OF = {"Bed": BED, "Maindoor": DOOR}
METRIC_OF = {BED: "in_bed", DOOR: "door_open", MOTION: "motion", SEAT: "in_bed"}
STOPS = (8, 11, 15, 19, 22)  # o'clock at which a life is made to stop


def events(path: Path, *, seat: int = MOTION) -> Packed:
    """What the sensors said, in order: the bed's occupancy, the house door, and movement for everything else.

    A seat's pressure is movement too, at either end of a sitting, unless `seat` makes a mat of it as the bed is.
    """
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines()[2:]:
        begin, end, where, *_ = [field for field in re.split(r"\t+", line.strip()) if field]
        device = (DEVICE_OF | {"Seat": seat}).get(where.strip(), MOTION)
        for text, value in ((begin, 1.0), (end, 1.0 if device == MOTION else 0.0)):
            moment = to_us(datetime.fromisoformat(text.strip()).replace(tzinfo=UTC))
            rows.append((moment, device, metrics()[METRIC_OF[device]].id, 0, value))
    return np.sort(np.array(rows, READING), order="ts")


def alarms(life: Packed, usual: NDArray[np.float32], begin: int, end: int) -> list[int]:
    """The minutes at which a rule begins to speak between `begin` and `end`."""
    rules = [discover()[name] for name in ("no_sign_of_life", "not_back")]
    devices = [(BED, "bed_sensor"), (DOOR, "door_contact"), (MOTION, "motion_sensor"), (SEAT, "bed_sensor")]
    fleet = Fleet.build([1], [(number, 1, code) for number, code in devices], zone=ZONE)
    fleet.baseline[0] = usual
    raised, speaking, taken = [], False, 0
    for now in range(begin, end, MINUTE):
        upto = int(np.searchsorted(life["ts"], now, side="right"))
        if upto > taken:
            fleet.apply(life[taken:upto], now, now)
            taken = upto
        fleet.last_seen[:] = now
        fires = any(rule.tick and len(rule.tick(fleet, now, rule.over(fleet))) for rule in rules)
        if fires and not speaking:
            raised.append(now)
        speaking = fires
    return raised


def score(path: Path, seat: int) -> None:
    """Print one home's figures."""
    said = events(path, seat=seat)
    life = said["ts"]
    days = range(int(life[0]) // DAY + 1 + MIN_DAYS, int(life[-1]) // DAY)
    false, delays, late = 0, [], []
    for day in days:
        before = life[life < day * DAY]
        usual = learn(np.zeros(len(before), np.int32), before, 1, ZONE)[0][0]
        false += len(alarms(said, usual, day * DAY, (day + 1) * DAY))
        for hour in STOPS:
            stop = day * DAY + hour * HOUR
            cut = said[life < stop]
            first = alarms(cut, usual, stop, stop + DAY)
            late.append((first[0] - stop) / HOUR)
            delays.append((first[0] - int(cut["ts"][-1])) / HOUR)
    weeks = len(days) / 7
    longest = float(np.diff(life).max()) / HOUR
    sensed = "seat a mat" if seat == SEAT else "seat as movement"
    print(f"{path.stem}, {sensed}: {len(days)} days judged, longest silence {longest:.1f} h")
    print(f"  false alarms per home and week: {false / weeks:.2f} ({false} in {weeks:.1f} weeks)")
    for name, hours in (("it stopped", late), ("its last sign", delays)):
        print(f"  noticed after {name}: {np.median(hours):.1f} h (median), {max(hours):.1f} h (worst)")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m bench.detection", description=__doc__)
    parser.add_argument("folder", type=Path)
    for path in sorted(parser.parse_args().folder.glob("*_Sensors.txt")):
        for seat in (MOTION, SEAT):
            score(path, seat)


if __name__ == "__main__":
    main()
