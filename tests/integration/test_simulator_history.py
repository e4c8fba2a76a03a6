"""The simulated past lands in a real database once, however often it is loaded, and rhythms are learned from it."""

import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import psycopg
import pytest

from alerts.engine.jobs import learn_baselines
from device_sim.fleet import SimulatedFleet, write_csv
from device_sim.history import load_history
from registry import register, store

ZONE = ZoneInfo("Asia/Shanghai")
UNTIL = datetime(2026, 3, 20, 4, 0, tzinfo=UTC)


@pytest.fixture
def fleet(database, tmp_path):
    fleet = SimulatedFleet.make(4, 5)
    write_csv(fleet, tmp_path / "fleet.csv")
    with psycopg.connect(database.url("registrar")) as conn:
        for vendor in fleet.vendors:
            store.write_vendor(conn, vendor.code, vendor.name, vendor.format)
        text = io.StringIO((tmp_path / "fleet.csv").read_text(encoding="utf-8"))
        found = register.read(text, store.vendor_codes(conn))
        assert not found.errors
        store.write_register(conn, found)
    return fleet


def test_history_is_loaded_once_and_goes_on_where_it_ended(database, fleet):
    first = load_history(database.owner, fleet, datetime(2026, 3, 19, 4, 0, tzinfo=UTC), 9, ZONE)
    second = load_history(database.owner, fleet, UNTIL, 10, ZONE)
    assert first > second > 0
    assert load_history(database.owner, fleet, UNTIL, 10, ZONE) == 0
    with psycopg.connect(database.owner) as conn:
        assert conn.execute("SELECT count(*) FROM reading").fetchone() == (first + second,)
        newest = conn.execute("SELECT max(ts) FROM latest").fetchone()
        assert newest == conn.execute("SELECT max(ts) FROM reading").fetchone()
    with psycopg.connect(database.url("engine")) as conn:
        assert learn_baselines(conn, ZONE, UNTIL) == 4
