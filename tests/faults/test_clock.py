"""The machine's clock jumps an hour either way in mid-load: nothing is lost, nothing raised twice, nothing invented."""

import time
from pathlib import Path

import pytest

from tests.faults.conftest import a_site
from tests.faults.harness import settle
from tests.waiting import eventually

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


@pytest.mark.parametrize("hours", [1, -1])
def test_a_clock_that_jumps_loses_nothing_and_invents_nothing(root, tmp_path, hours):
    offset = tmp_path / "offset"
    offset.write_text("+0")
    with a_site(root, tmp_path) as running:
        for name in ("ingest", "engine", "api"):
            program = running.programs[name]
            program.stop()
            program.environment |= {
                "LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(offset), "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }  # fmt: skip
            program.start()
        time.sleep(4)
        before = heartbeat(running)
        offset.write_text(f"{hours * 3600:+d}")
        eventually(lambda: abs(heartbeat(running) - before - hours * 3600) < 60)
        time.sleep(4)
        settle(running, by_time=hours > 0)
        raised = {rule for (rule,) in running.sql("SELECT rule FROM alert")}
        assert raised <= {"sos", "device_silent"}, "homes are not still, doors not open, because a clock jumped"


def heartbeat(running):
    """The engine's last sign of life, in seconds since 1970 by its own clock."""
    [(at,)] = running.sql("SELECT extract(epoch FROM at)::float FROM heartbeat WHERE process = 'engine/0'")
    return at
