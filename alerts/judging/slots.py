"""Slots, one per device and metric, in flat arrays; each metric's Column is a window on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from core.arrays import F8, I1, I2, I4, I8, Bool
from core.catalogue import EVERY_DEVICE, DeviceType, Metric, metrics
from core.rooms import ROOMS, Room


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One metric over all devices that measure it. The arrays are views into the fleet: read, never write."""

    metric: Metric
    device: I4  # device row, ascending
    home: I4  # home row
    room: I1  # place in core.rooms.ROOMS
    ts: I8  # µs of the last reading, 0 never
    value: F8  # NaN never
    since: I8  # µs since when (value != 0) has been what it is now, 0 never
    seen: I8  # µs at which it was received, 0 never

    def __len__(self) -> int:
        return len(self.device)

    def in_room(self, *rooms: Room) -> Bool:
        """Which rows hang in one of these rooms: `column.in_room(Room.BATHROOM)`."""
        return np.isin(self.room, [ROOMS.index(room) for room in rooms])


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """Every column end to end: one sort and one pass take up a batch of any mixture of metrics."""

    columns: dict[int, Column]  # by metric id
    start: dict[int, int]  # where each metric's column begins
    metric: I2
    device: I4
    ts: I8
    value: F8
    since: I8
    seen: I8
    changed: Bool  # not written to `latest` yet

    @classmethod
    def build(cls, types: Sequence[DeviceType], device_type: I2, device_home: I4, device_room: I1) -> Self:
        """Empty slots for every metric that a device's type lists."""
        members = {
            metric.id: _members(metric, types, device_type) for metric in sorted(metrics().values(), key=lambda m: m.id)
        }
        sizes = np.array([len(rows) for rows in members.values()])
        starts = dict(zip(members, (np.cumsum(sizes) - sizes).tolist(), strict=True))
        total = int(sizes.sum())
        device = np.concatenate(list(members.values()))
        flat = cls(
            columns={}, start=starts, device=device,
            metric=np.repeat(np.array(list(members), np.int16), sizes),
            ts=np.zeros(total, np.int64), value=np.full(total, np.nan), since=np.zeros(total, np.int64),
            seen=np.zeros(total, np.int64), changed=np.zeros(total, bool),
        )  # fmt: skip
        for metric in metrics().values():
            flat.columns[metric.id] = flat._column(metric, len(members[metric.id]), device_home, device_room)
        return flat

    def _column(self, metric: Metric, length: int, device_home: I4, device_room: I1) -> Column:
        part = slice(self.start[metric.id], self.start[metric.id] + length)
        return Column(
            metric, self.device[part], device_home[self.device[part]], device_room[self.device[part]],
            self.ts[part], self.value[part], self.since[part], self.seen[part],
        )  # fmt: skip

    def find(self, metric: I2, device: I4) -> I8:
        """The flat row of each (metric id, device row), -1 where the device does not measure that metric."""
        flat = np.full(len(metric), -1, np.int64)
        for metric_id in np.unique(metric):
            column = self.columns.get(int(metric_id))
            if column is None or not len(column):
                continue
            mine = np.flatnonzero(metric == metric_id)
            row = np.minimum(np.searchsorted(column.device, device[mine]), len(column) - 1)
            hit = column.device[row] == device[mine]
            flat[mine[hit]] = row[hit] + self.start[int(metric_id)]
        return flat

    def rows_in_column(self, flat: I8, metric: I2) -> I4:
        """The row in its Column of each flat row."""
        begin = np.zeros(max(self.start) + 1, np.int64)
        begin[list(self.start)] = list(self.start.values())
        return (flat - begin[metric]).astype(np.int32)

    def take(self, flat: I8, ts: I8, value: F8, seen: I8) -> tuple[F8, I8]:
        """Take up readings given in order of time; returns what each slot held before each (value, ts)."""
        if not len(flat):
            return np.zeros(0), np.zeros(0, np.int64)
        touched = np.unique(flat)
        held = touched[self.ts[touched] > 0]
        # What the slots hold now stands among the new readings, first where the time is equal: then "the one before"
        # and "since when" come from one sorted list, whatever came late or twice.
        slot = np.concatenate([held, flat])
        when = np.concatenate([self.ts[held], ts])
        what = np.concatenate([self.value[held], value])
        order = np.lexsort((np.arange(len(slot)), when, slot))
        slot, when, what = slot[order], when[order], what[order]
        first = np.r_[True, slot[1:] != slot[:-1]]
        last = np.r_[first[1:], True]
        since = self._since(slot, when, what != 0, first, order < len(held))[last]
        self.ts[slot[last]], self.value[slot[last]], self.since[slot[last]] = when[last], what[last], since
        self.changed[touched] = True
        np.maximum.at(self.seen, flat, seen)
        return _before(order, what, when, first, len(held))

    def restore(self, flat: I8, ts: I8, value: F8, since: I8, seen: I8) -> None:
        """Put back what slots held, unless they hold something newer."""
        newer = ts >= self.ts[flat]
        rows = flat[newer]
        self.ts[rows], self.value[rows], self.since[rows] = ts[newer], value[newer], since[newer]
        self.changed[rows] = False
        self.seen[flat] = np.maximum(self.seen[flat], seen)

    def _since(self, slot: I8, when: I8, on: Bool, first: Bool, is_held: Bool) -> I8:
        """For each row of the sorted list, when its run of equal truth began."""
        starts = first | np.r_[True, on[1:] != on[:-1]]
        run = np.cumsum(starts) - 1
        begin: I8 = when[starts]
        # A run that holds the slot's old reading began when the slot says, unless a contradiction came in after that.
        known = np.flatnonzero(is_held)
        before = np.flatnonzero(starts)[run[known]]
        alone = first[before] | (when[np.maximum(before - 1, 0)] <= self.since[slot[known]])
        begin[run[known[alone]]] = self.since[slot[known[alone]]]
        began: I8 = begin[run]
        return began


def _members(metric: Metric, types: Sequence[DeviceType], device_type: I2) -> I4:
    if metric.name in EVERY_DEVICE:
        return np.arange(len(device_type), dtype=np.int32)
    kinds = [index for index, kind in enumerate(types) if metric.name in kind.metrics]
    return np.flatnonzero(np.isin(device_type, kinds)).astype(np.int32)


def _before(order: I8, what: F8, when: I8, first: Bool, held: int) -> tuple[F8, I8]:
    """The row before each new reading in its slot, put back into the readings' own order."""
    value = np.where(first, np.nan, np.r_[np.nan, what[:-1]])
    ts = np.where(first, 0, np.r_[0, when[:-1]])
    back_value, back_ts = np.empty(len(order)), np.empty(len(order), np.int64)
    back_value[order], back_ts[order] = value, ts
    return back_value[held:], back_ts[held:]
