"""Learns a home's rhythm: how long a silence that reaches into each hour of day gets, at its upper end. Pure."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from core.clock import DAY, HOUR, micros, to_datetime

MIN_DAYS = 5  # fewer say nothing about a habit; own choice
QUANTILE = 0.95  # of the days; own choice: the longest of three weeks may have been the day she was at the hospital


def learn(
    home: NDArray[np.int32], ts: NDArray[np.int64], homes: int, zone: ZoneInfo
) -> tuple[NDArray[np.float32], NDArray[np.int16]]:
    """(seconds[homes, 24], days[homes]) from signs of life: home rows and their instants in µs, in any order.

    For each local hour of each day the silence is how long, at the hour's end or at the sign that broke it within the
    hour, nothing had been seen. Its QUANTILE over the days is the home's usual silence; NaN below MIN_DAYS days.
    """
    usual = np.full((homes, 24), np.nan, np.float32)
    days = np.zeros(homes, np.int16)
    order = np.lexsort((ts, home))
    home, ts = home[order], _local(zone, ts[order])
    bounds = np.searchsorted(home, np.arange(homes + 1))
    for row in range(homes):
        own = np.maximum.accumulate(ts[bounds[row] : bounds[row + 1]])  # an hour that happens twice
        if len(own) >= 2:
            table = _silences(own)
            days[row] = len(table)
            if len(table) >= MIN_DAYS:
                usual[row] = np.quantile(table, QUANTILE, axis=0) / 1e6
    return usual, days


def _local(zone: ZoneInfo, ts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The local time of each instant, in µs since 1970-01-01 00:00 there; each by the offset of its own hour."""
    if not len(ts):
        return ts
    hour = ts // HOUR
    first, last = int(hour.min()), int(hour.max())
    offsets = [
        micros(to_datetime(number * HOUR).astimezone(zone).utcoffset() or timedelta())
        for number in range(first, last + 1)
    ]
    local: NDArray[np.int64] = ts + np.array(offsets, np.int64)[hour - first]
    return local


def _silences(ts: NDArray[np.int64]) -> NDArray[np.int64]:
    """[day, hour]: the longest silence reached in that hour, for the whole days between first and last sign."""
    first, last = -(-int(ts[0]) // DAY), int(ts[-1]) // DAY
    if last <= first:
        return np.zeros((0, 24), np.int64)
    edges = np.arange(first * DAY, last * DAY, HOUR) + HOUR
    reached = edges - ts[np.searchsorted(ts, edges, side="right") - 1]  # silence that lasts at the hour's end
    ended = np.diff(ts)
    hour = (ts[1:] - first * DAY) // HOUR
    inside = (hour >= 0) & (hour < len(edges))
    np.maximum.at(reached, hour[inside], ended[inside])
    return reached.reshape(-1, 24)
