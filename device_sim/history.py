"""Loads the simulated past in bulk, so that rhythms can be learned before the first live minute."""

import sys
import time
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from core.catalogue import metrics
from core.clock import to_us
from core.database import connect
from core.packed import READING, Packed
from device_sim import store
from device_sim.fleet import SimulatedFleet
from device_sim.signals import readings

SLOWER = 4.0  # regular reports of the past at a quarter of their cadence; events are all there


def load_history(owner_url: str, fleet: SimulatedFleet, until: datetime, days: int, zone: ZoneInfo) -> int:
    """Write `days` days before `until`, or what is missing of them; returns the readings added.

    Shows its progress on stderr. A second call adds only what lies between the newest stored reading and `until`.
    """
    with connect(owner_url, "history") as conn:
        conn.execute("SET synchronous_commit = off")
        ids = store.device_ids(conn)
        newest = store.newest(conn)
        begin = max(until - timedelta(days=days), newest) if newest else until - timedelta(days=days)
        local = [begin.astimezone(zone).date(), until.astimezone(zone).date()]
        all_days = [local[0] + timedelta(days=number) for number in range((local[1] - local[0]).days + 1)]
        added, started = 0, time.monotonic()
        last: Packed = np.empty(0, READING)
        for number, on in enumerate(all_days, start=1):
            rows = _day(fleet, ids, on, zone, begin, until)
            added += store.write_readings(conn, rows) if len(rows) else 0
            last = _last(np.concatenate([last, rows]))
            rate = added / (time.monotonic() - started)
            print(
                f"\r      day {number} of {len(all_days)}, {added:,} readings, {rate:,.0f}/s", end="", file=sys.stderr
            )
        print(file=sys.stderr)
        store.write_latest(conn, last, last["ts"])
        conn.execute("ANALYZE reading")
        conn.commit()
    return added


def _day(
    fleet: SimulatedFleet, ids: dict[str, int], on: date, zone: ZoneInfo, begin: datetime, until: datetime
) -> Packed:
    parts = []
    for home in fleet.homes:
        for device in home.devices:
            for metric, ts, values in readings(fleet.seed, home, device, on, zone, SLOWER):
                part = np.zeros(len(ts), READING)
                part["ts"], part["value"] = ts, values
                part["device"], part["metric"] = ids[device.serial], metrics()[metric].id
                parts.append(part)
    rows = np.concatenate(parts)
    low, high = map(to_us, (begin, until))
    return rows[(rows["ts"] > low) & (rows["ts"] <= high)]


def _last(rows: Packed) -> Packed:
    """The newest row of each device and metric."""
    order = np.lexsort((rows["ts"], rows["metric"], rows["device"]))
    rows = rows[order]
    ends = np.ones(len(rows), bool)
    ends[:-1] = (rows["device"][1:] != rows["device"][:-1]) | (rows["metric"][1:] != rows["metric"][:-1])
    return rows[ends]
