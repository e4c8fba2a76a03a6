"""How fast the engine judges what has piled up while it was away."""

import time

import numpy as np

from bench.rig import Rig
from core.catalogue import metrics
from core.packed import READING, pack

BATCH = 5000  # readings


def measure(rig: Rig, readings: int) -> float:
    """Readings per second, from the first batch judged to the last; the engine's start is not in it."""
    engine = rig.programs["engine"]
    engine.stop()
    with rig.connect() as conn:
        devices = [row[0] for row in conn.execute("SELECT id FROM device WHERE type = 'climate_sensor' ORDER BY id")]
        now = time.time_ns() // 1000
        rows = np.zeros(BATCH, READING)
        rows["metric"] = np.resize([metrics()[name].id for name in ("temperature", "humidity", "battery")], BATCH)
        rows["value"] = 25.0
        for number in range(readings // BATCH):
            rows["device"] = np.take(devices, (number * BATCH + np.arange(BATCH)) // 3, mode="wrap")
            rows["ts"] = now - 600_000_000 + number * 1000
            conn.execute(
                "INSERT INTO batch (shard, received_at, urgent, rows, payload) VALUES (0, now(), false, %s, %b)",
                (BATCH, pack(rows)),
            )
        engine.start()
        first = begin = left = None
        while left != 0:
            row = conn.execute("SELECT count(*) FROM batch WHERE step IS NULL").fetchone()
            assert row
            left = int(row[0])
            if begin is None and left < readings // BATCH:
                begin, first = time.monotonic(), left
            time.sleep(0.01)
        assert begin is not None
        assert first is not None
        return first * BATCH / (time.monotonic() - begin)
