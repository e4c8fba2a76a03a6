"""A site that is running already: its devices keep their places, and what was written of a room means one."""

import psycopg
import pytest

from core.catalogue import metrics
from core.database import migrate, mirror_catalogue
from core.rooms import room_of
from tests.older import older
from tests.registry import AREAS

LABELS = ("", "卧室", "主卧卫生间", "厕所", "厨房", "堂屋", "客厅", "大门", "院子", "随身", "储藏室", "Bathroom")


@pytest.fixture
def filled(cluster):
    """A database before the migration, with a device for each label."""
    with older(cluster, "0018") as url:
        with psycopg.connect(url) as conn:
            mirror_catalogue(conn)
            for path, title in AREAS:
                conn.execute("INSERT INTO area (path, name) VALUES (%s, %s)", (path, title))
            conn.execute("INSERT INTO vendor (code, name) VALUES ('acme', '测试厂')")
            conn.execute("INSERT INTO home (code, area_id, address) SELECT 'H1', max(id), '一号' FROM area")
            for number, label in enumerate(LABELS):
                conn.execute(
                    "INSERT INTO device (vendor_id, serial, type, home_id, room)"
                    " SELECT vendor.id, %s, 'climate_sensor', home.id, %s FROM vendor, home",
                    (f"d{number}", label),
                )
            conn.execute(
                "INSERT INTO latest (device_id, metric, ts, value, since, seen_at)"
                " SELECT id, %s, '2026-03-01Z', 20, '2026-03-01Z', '2026-03-01Z' FROM device",
                (metrics()["battery"].id,),
            )
        yield url


@pytest.fixture
def site(filled):
    assert "0018_devices" in migrate(filled)
    with psycopg.connect(filled, autocommit=True) as conn:
        yield conn


def test_every_device_keeps_its_place_and_its_room_means_what_it_says(site):
    found = site.execute("SELECT room, room_kind FROM device ORDER BY id").fetchall()
    assert found == [(label, str(room_of(label))) for label in LABELS]
    assert site.execute("SELECT count(*) FROM installation WHERE until IS NULL").fetchone() == (len(LABELS),)
    assert site.execute("SELECT DISTINCT model FROM device").fetchall() == [("",)]


def test_into_stock_and_out_of_it_are_ends_and_beginnings_of_installations(site):
    home = site.execute("SELECT id FROM home").fetchone()[0]
    hung = "SELECT until IS NULL FROM installation JOIN device ON id = device_id WHERE serial = 'd0' ORDER BY since"
    site.execute("UPDATE device SET home_id = NULL WHERE serial = 'd0'")
    assert site.execute(hung).fetchall() == [(False,)]
    site.execute("UPDATE device SET installed_at = '2020-01-01Z' WHERE serial = 'd0'")
    site.execute("UPDATE device SET home_id = %s WHERE serial = 'd0'", (home,))
    assert site.execute(hung).fetchall() == [(False,), (True,)]
    since = site.execute("SELECT now() - installed_at < '1 minute' FROM device WHERE serial = 'd0'").fetchone()
    assert since == (True,), "its silence counts from when it was hung up"
    site.execute("INSERT INTO device (vendor_id, serial, type) SELECT id, 'boxed', 'climate_sensor' FROM vendor")
    assert site.execute("SELECT count(*) FROM installation").fetchone() == (len(LABELS) + 1,)


def say(site, metric, level, at, serial="d1"):
    site.execute(
        "INSERT INTO latest (device_id, metric, ts, value, since, seen_at)"
        " SELECT id, %(m)s, %(t)s, %(v)s, %(t)s, %(t)s FROM device WHERE serial = %(s)s"
        " ON CONFLICT (device_id, metric) DO UPDATE SET ts = excluded.ts, value = excluded.value",
        {"m": metrics()[metric].id, "t": at, "v": level, "s": serial},
    )


def history(site, serial="d1"):
    return site.execute(
        "SELECT changed_at::text, before, after FROM device_battery JOIN device ON id = device_id"
        " WHERE serial = %s ORDER BY changed_at",
        (serial,),
    ).fetchall()


def test_a_battery_that_rises_by_far_was_changed_and_the_last_twenty_are_kept(site):
    site.execute("SET timezone = 'UTC'")
    for at, level in (("2026-03-02Z", 49), ("2026-03-03Z", 15), ("2026-03-04Z", 45), ("2026-03-01Z", 99)):
        say(site, "battery", level, at)
    assert history(site) == [("2026-03-04 00:00:00+00", 15, 45)]
    for day in range(5, 31):
        say(site, "battery", 10, f"2026-03-{day:02} 01:00Z")
        say(site, "battery", 100, f"2026-03-{day:02} 02:00Z")
    assert [row[0][:10] for row in history(site)] == [f"2026-03-{day:02}" for day in range(11, 31)]


def test_a_device_that_says_only_that_it_is_low_has_a_history_too_until_it_is_taken_out_of_service(site):
    site.execute("DELETE FROM latest")
    for day, low in enumerate((0, 1, 1, 0, 0), start=1):
        say(site, "battery_low", low, f"2026-03-0{day}Z")
    assert [row[1:] for row in history(site)] == [(None, None)]
    site.execute("UPDATE device SET retired_at = now() WHERE serial = 'd1'")
    assert history(site) == []
