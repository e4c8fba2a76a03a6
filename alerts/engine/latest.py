"""Writes what the engine knows into `latest` and `life`, a slice at a time: an emergency never waits for all of it."""

from collections.abc import Iterator

import numpy as np
import psycopg

from alerts.engine.store import inbox as store
from alerts.judging.fleet import Fleet
from core.arrays import I8
from core.binary import LATEST, LIFE

SLICE = 1000  # values or homes written at once, some 5 ms


class LatestWriter:
    """One pass after another over what has changed since the last one.

    Judged batches stay in the database until a pass that began after them is through, for until then a restart needs
    them. Values that change during a pass are left to the next.
    """

    def __init__(self, conn: psycopg.Connection, shard: int, fleet: Fleet) -> None:
        self._conn = conn
        self._shard = shard
        self._fleet = fleet
        self._life_written = fleet.last_life.copy()
        self._pass: Iterator[None] | None = None

    def turn(self, step: int) -> bool:
        """Write one slice, beginning a pass if none is under way; True when that pass is through.

        `step` is the newest that has been judged.
        """
        self._pass = self._pass or self._slices(step)
        if next(self._pass, self) is self:
            self._pass = None
        return self._pass is None

    def write_all(self, step: int) -> None:
        """Finish the pass under way, and make another."""
        for _ in range(2):
            while not self.turn(step):
                pass

    def _slices(self, step: int) -> Iterator[None]:
        fleet = self._fleet
        changed = np.flatnonzero(fleet.slots.changed)
        lived = np.flatnonzero((fleet.last_life > self._life_written) & (fleet.last_life_device >= 0))
        for rows in _sliced(changed):
            self._values(rows)
            yield
        for rows in _sliced(lived):
            self._lives(rows)
            yield
        with self._conn.transaction():
            store.forget_judged(self._conn, self._shard, step)

    def _values(self, rows: I8) -> None:
        slots = self._fleet.slots
        latest = np.empty(len(rows), LATEST)
        latest["device"] = self._fleet.device_ids[slots.device[rows]]
        latest["metric"], latest["value"] = slots.metric[rows], slots.value[rows]
        for name, column in (("ts", slots.ts), ("since", slots.since), ("seen", slots.seen)):
            latest[name] = column[rows]
        with self._conn.transaction():
            store.write_latest(self._conn, latest)
        slots.changed[rows] = False

    def _lives(self, rows: I8) -> None:
        fleet = self._fleet
        life = np.empty(len(rows), LIFE)
        life["home"], life["at"] = fleet.home_ids[rows], fleet.last_life[rows]
        life["device"] = fleet.device_ids[fleet.last_life_device[rows]]
        with self._conn.transaction():
            store.write_life(self._conn, life)
        self._life_written[rows] = fleet.last_life[rows]


def _sliced(rows: I8) -> Iterator[I8]:
    for begin in range(0, len(rows), SLICE):
        yield rows[begin : begin + SLICE]
