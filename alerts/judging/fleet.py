"""The fleet as numpy columns: what every device last said, and what rules read. A cache of the database, never more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import ArrayLike, NDArray

from alerts.judging.slots import Column, Slots
from core.arrays import F4, F8, I1, I2, I4, I8, Bool
from core.catalogue import DeviceType, Life, device_types, metric_by_id, metrics
from core.clock import micros
from core.packed import Flag, Packed
from core.rooms import ROOMS, Room

__all__ = ["Batch", "Column", "Fleet", "shows_life"]

HOURS = 24


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The readings of one step in order of time, after the columns took them up."""

    now: int  # µs
    metric: I2  # metric id
    ts: I8  # µs
    value: F8
    flags: I2  # core.packed.Flag
    device: I4  # device row
    home: I4  # home row
    slot: I4  # row in the metric's Column
    previous: F8  # the reading before this one of the same device and metric; NaN where it is not known
    previous_ts: I8  # µs, 0 where it is not known

    def __len__(self) -> int:
        return len(self.ts)

    def where(self, chosen: Bool | I8) -> Batch:
        """The readings that a mask or an index array chooses."""
        return Batch(self.now, *(getattr(self, field.name)[chosen] for field in fields(self)[1:]))

    def of(self, *names: str) -> Batch:
        """The readings of these metrics only; raises KeyError on a name the catalogue does not have."""
        return self.where(np.isin(self.metric, [metrics()[name].id for name in names]))


@dataclass(slots=True, eq=False)
class Fleet:
    """Homes, devices and their slots (one per device and metric). Homes and devices are sorted by id."""

    home_ids: I4
    device_ids: I4
    device_home: I4  # home row
    device_type: I2  # index into types
    types: tuple[DeviceType, ...]
    room: I1  # of each device: place in core.rooms.ROOMS
    silent_after: I8  # µs
    installed_at: I8  # µs
    last_seen: I8  # µs of receipt of anything but a status `offline`; 0 never
    baseline: F4  # [home, local hour], seconds; NaN not learned
    spo2_scale: I1  # NEWS2 scale 1 or 2
    zone: ZoneInfo
    last_life: I8  # µs of the last sign of life, 0 never
    last_life_device: I4  # device row, -1 never
    slots: Slots
    _scratch: dict[tuple[str, str], NDArray[Any]]
    _home_order: I4  # device rows grouped by home
    _home_start: I8  # where each home begins in _home_order

    @classmethod
    def build(
        cls,
        homes: ArrayLike,
        devices: Iterable[tuple[int, int, str]],
        *,
        installed_at: int = 0,
        zone: ZoneInfo | None = None,
        rooms: Mapping[int, Room] | None = None,
    ) -> Self:
        """From home ids and (device id, home id, type code) records: for tests and small tools.

        `installed_at` (µs) holds for every device, `rooms` says by device id where it hangs. Raises KeyError on an
        unknown type code.
        """
        records = sorted(devices)
        codes = sorted({code for _, _, code in records})
        return cls.from_arrays(
            home_ids=np.asarray(homes, np.int32),
            device_ids=np.array([record[0] for record in records], np.int32),
            device_home_ids=np.array([record[1] for record in records], np.int32),
            device_type=np.array([codes.index(record[2]) for record in records], np.int16),
            types=tuple(device_types()[code] for code in codes),
            installed_at=np.full(len(records), installed_at, np.int64),
            zone=zone or ZoneInfo("Asia/Shanghai"),
            room=np.array([ROOMS.index((rooms or {}).get(one[0], Room.UNKNOWN)) for one in records], np.int8),
        )

    @classmethod
    def from_arrays(
        cls,
        *,
        home_ids: I4,
        device_ids: I4,
        device_home_ids: I4,
        device_type: I2,
        types: Sequence[DeviceType],
        installed_at: I8,
        zone: ZoneInfo,
        room: I1 | None = None,
    ) -> Self:
        """From arrays of any size. Every device's home must be among `home_ids`; nothing is known of them yet.

        `room` is each device's place in ROOMS, UNKNOWN where it is not given.
        """
        home_ids = np.sort(home_ids)
        order = np.argsort(device_ids, kind="stable")
        device_ids, device_type = device_ids[order], device_type[order]
        device_home = np.searchsorted(home_ids, device_home_ids[order]).astype(np.int32)
        room = np.full(len(order), ROOMS.index(Room.UNKNOWN), np.int8) if room is None else room[order]
        silent = np.array([micros(kind.silent_after) for kind in types], np.int64)
        return cls(
            home_ids=home_ids,
            device_ids=device_ids,
            device_home=device_home,
            device_type=device_type,
            types=tuple(types),
            room=room,
            silent_after=silent[device_type] if types else np.zeros(0, np.int64),
            installed_at=installed_at[order],
            last_seen=np.zeros(len(device_ids), np.int64),
            baseline=np.full((len(home_ids), HOURS), np.nan, np.float32),
            spo2_scale=np.ones(len(home_ids), np.int8),
            zone=zone,
            last_life=np.zeros(len(home_ids), np.int64),
            last_life_device=np.full(len(home_ids), -1, np.int32),
            slots=Slots.build(types, device_type, device_home, room),
            _scratch={},
            _home_order=np.argsort(device_home, kind="stable").astype(np.int32),
            _home_start=np.searchsorted(np.sort(device_home), np.arange(len(home_ids) + 1)),
        )

    def column(self, metric_name: str) -> Column:
        """The column of one metric; empty where no device measures it."""
        return self.slots.columns[metrics()[metric_name].id]

    def scratch(
        self, rule: str, name: str, length: int, fill: float, dtype: np.dtype[Any] | type[Any] = np.float64
    ) -> NDArray[Any]:
        """A rule's own memory: created once with `fill`, the same array on every later call, gone on a restart."""
        key = (rule, name)
        if key not in self._scratch:
            self._scratch[key] = np.full(length, fill, dtype)
        return self._scratch[key]

    def devices_of(self, home_rows: I4 | I8) -> I4:
        """The device rows of some homes, home by home."""
        begin, end = self._home_start[home_rows], self._home_start[home_rows + 1]
        count = end - begin
        rows: I4 = self._home_order[np.arange(count.sum()) + np.repeat(end - np.cumsum(count), count)]
        return rows

    def rows_of_homes(self, ids: ArrayLike) -> I4:
        """Home rows by home id, -1 where this fleet does not have it."""
        return _rows(self.home_ids, np.asarray(ids, np.int64))

    def rows_of_devices(self, ids: ArrayLike) -> I4:
        """Device rows by device id, -1 where this fleet does not have it."""
        return _rows(self.device_ids, np.asarray(ids, np.int64))

    def apply(self, packed: Packed, received_us: ArrayLike, now: int | None = None) -> Batch:
        """Take up readings and return them in order of time.

        `received_us` is one instant or one per reading. Readings of devices or metrics that this fleet does not have
        are left out. An older reading never overwrites a newer one.
        """
        received = np.broadcast_to(np.asarray(received_us, np.int64), packed.shape)
        now = int(received.max(initial=0)) if now is None else now
        device = self.rows_of_devices(packed["device"])
        flat = self.slots.find(packed["metric"], device)
        keep = np.flatnonzero(flat >= 0)
        keep = keep[np.argsort(packed["ts"][keep], kind="stable")]
        rows, flat, device, received = packed[keep], flat[keep], device[keep], received[keep]
        ts, value = rows["ts"].astype(np.int64), rows["value"].astype(np.float64)
        previous, previous_ts = self.slots.take(flat, ts, value, received)
        home = self.device_home[device]
        slot = self.slots.rows_in_column(flat, rows["metric"])
        batch = Batch(
            now, rows["metric"].astype(np.int16), ts, value, rows["flags"].astype(np.int16), device, home, slot,
            previous, previous_ts,
        )  # fmt: skip
        self._see(batch, received)
        return batch

    def restore(self, *, metric: I2, device_id: I8, ts: I8, value: F8, since: I8, seen: I8) -> None:
        """Put back what slots held, unless they know something newer."""
        device = self.rows_of_devices(device_id)
        flat = self.slots.find(metric, device)
        keep = flat >= 0
        self.slots.restore(flat[keep], ts[keep], value[keep], since[keep], seen[keep])
        gone = (metric == metrics()["online"].id) & (value == 0)
        np.maximum.at(self.last_seen, device[keep & ~gone], seen[keep & ~gone])

    def restore_life(self, home_id: I8, at: I8, device_id: I8) -> None:
        """Put back the last signs of life, unless newer ones are known."""
        home = self.rows_of_homes(home_id)
        newer = (home >= 0) & (at >= self.last_life[home])
        self.last_life[home[newer]] = at[newer]
        self.last_life_device[home[newer]] = self.rows_of_devices(device_id[newer])

    def _see(self, batch: Batch, received: I8) -> None:
        gone = (batch.metric == metrics()["online"].id) & (batch.value == 0)
        gone |= (batch.flags & Flag.RETAINED) != 0  # the broker said it again, not the device
        np.maximum.at(self.last_seen, batch.device[~gone], received[~gone])
        alive = batch.where(shows_life(batch))
        newer = alive.ts >= self.last_life[alive.home]
        # In order of time, so the last assignment to a home is its newest.
        self.last_life[alive.home[newer]] = alive.ts[newer]
        self.last_life_device[alive.home[newer]] = alive.device[newer]


def shows_life(batch: Batch) -> Bool:
    """Which readings show that somebody is alive and about, by the catalogue's `life`: none that the broker repeats."""
    alive = np.zeros(len(batch), bool)
    for metric_id in np.unique(batch.metric):
        match metric_by_id()[int(metric_id)].life:
            case Life.NONZERO:
                alive |= (batch.metric == metric_id) & (batch.value != 0)
            case Life.CHANGE:
                changed = ~np.isnan(batch.previous) & ((batch.value != 0) != (batch.previous != 0))
                alive |= (batch.metric == metric_id) & changed
            case Life.RISE:
                alive |= (batch.metric == metric_id) & (batch.value > batch.previous)
    alive &= (batch.flags & Flag.RETAINED) == 0
    return alive


def _rows(ids: I4, wanted: I8) -> I4:
    if not len(ids):
        return np.full(wanted.shape, -1, np.int32)
    found = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[found] == wanted, found, -1).astype(np.int32)
