"""The snapshots that ingest and judging keep of the register say what stands in it."""

from zoneinfo import ZoneInfo

import psycopg
import pytest

from alerts.engine.rebuild import registered, same_registry
from registry import people_store as people
from registry import snapshot_store
from tests.registry import seed

ZONE = ZoneInfo("Asia/Shanghai")


def test_of_two_people_in_a_home_the_value_that_alarms_sooner_is_read(database):
    first, second, empty = seed(database.owner, homes=3, types=("sos_button",)).homes
    with psycopg.connect(database.owner) as conn:
        conn.execute("DELETE FROM person WHERE home_id = %s", (empty,))
        people.write_person(conn, first, "测试·老人1", {"spo2_scale": 2, "ability": 1, "self_care": [True] * 6})
        people.write_person(
            conn, first, "测试·老伴", {"spo2_scale": 1, "ability": 4, "self_care": [False] * 4 + [True] * 2}
        )
        people.write_person(conn, second, "测试·老人2", {"spo2_scale": 2})
    with psycopg.connect(database.url("engine")) as conn:
        fleet = registered(conn, ZONE, 1, 0)
        assert list(fleet.home_ids) == [first, second, empty]
        assert list(fleet.person("spo2_scale")) == [1, 2, 1]
        assert list(fleet.person("ability")) == [4, -1, -1]
        assert list(fleet.person("self_care_lost")) == [4, -1, -1]


def test_a_change_of_what_rules_read_of_a_person_is_noticed_and_another_is_none(database):
    home = seed(database.owner, homes=1, types=("sos_button",)).homes[0]
    with psycopg.connect(database.url("engine"), autocommit=True) as conn:
        conn.execute("LISTEN registry")
        before = registered(conn, ZONE, 1, 0)
        for values, same in (({"illnesses": "高血压"}, True), ({"ability": 3}, False)):
            with psycopg.connect(database.owner) as owner:
                people.write_person(owner, home, "测试·老人1", values)
            assert same_registry(before, registered(conn, ZONE, 1, 0)) is same
        assert next(conn.notifies(timeout=5)).payload == "person"


def test_ingest_is_given_every_vendor_and_device_and_the_doctor_counts_without_what_was_erased(database):
    seeded = seed(database.owner, homes=2, types=("sos_button", "gas_detector"))
    with psycopg.connect(database.owner) as conn:
        conn.execute("UPDATE device SET retired_at = now() WHERE serial = 'gas_detector-1'")
        found = snapshot_store.registered(conn)
        assert [vendor.code for vendor in found.vendors] == ["acme", "beta"]
        assert [device.serial for device in found.devices if device.retired] == ["gas_detector-1"]
        assert snapshot_store.counts(conn) == (2, 3, 0)
        conn.execute("SELECT erase_home(%s, now())", (seeded.homes[0],))
        assert snapshot_store.counts(conn) == (1, 1, 0)


def test_the_engine_reads_what_rules_need_of_people_and_nothing_else(database):
    with psycopg.connect(database.url("engine")) as conn:
        conn.execute("SELECT home_id, spo2_scale, ability, self_care_lost FROM person")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("SELECT illnesses FROM person")
