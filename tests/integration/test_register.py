"""A register file is imported whole or not at all, and a second time without effect."""

import io

import psycopg
import pytest

from core import register, store
from core.register import COLUMNS

HOME = "H1,qu.zhen.cun.g1,示例区/示例镇/示例村/一格,一号,示例·甲,1940-01-02,女,1,网格员:示例·乙:000-1"


def read(*rows, vendors=("acme",)):
    return register.read(io.StringIO("\n".join([",".join(COLUMNS), *rows]) + "\n"), vendors)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (f"{HOME},nobody,s1,sos_button,", "row 2, vendor: 'nobody' is not registered"),
        (f"{HOME},acme,s 1,sos_button,", "row 2, serial: 's 1'"),
        (f"{HOME},acme,s1,toaster,", "row 2, type: 'toaster' is not a device type"),
        (HOME.replace("1940-01-02", "1940-13-02") + ",acme,s1,sos_button,", "row 2, born"),
        (HOME.replace("qu.zhen.cun.g1", "qu.zhen") + ",acme,s1,sos_button,", "row 2, area_path"),
        (HOME.replace("网格员:示例·乙:000-1", "网格员") + ",acme,s1,sos_button,", "row 2, contacts"),
    ],
)
def test_each_error_names_its_row_and_column(row, expected):
    assert str(read(row).errors[0]).startswith(expected)


def test_a_header_that_lacks_a_column_says_which():
    assert "serial" in str(register.read(io.StringIO("home_code,vendor\n"), []).errors[0])


def test_every_bad_row_is_reported_not_only_the_first():
    found = read(f"{HOME},acme,s1,toaster,", f"{HOME},acme,s2,sos_button,", f"{HOME},nobody,s3,sos_button,")
    assert [error.row for error in found.errors] == [2, 4]


def test_rows_of_one_home_must_agree():
    found = read(f"{HOME},acme,s1,sos_button,", HOME.replace("一号", "二号") + ",acme,s2,sos_button,")
    assert str(found.errors[0]) == "row 3, address: differs from an earlier row of home H1"


def test_importing_twice_changes_nothing_and_a_moved_device_keeps_its_past(database):
    rows = [f"{HOME},acme,s1,sos_button,卧室", f"{HOME},acme,s2,door_contact,门厅"]
    moved = HOME.replace("H1,", "H2,").replace("一号", "二号") + ",acme,s1,sos_button,卧室"
    with psycopg.connect(database.url("registrar")) as conn:
        store.write_vendor(conn, "acme", "示例厂", "flat")
        first = store.write_register(conn, read(*rows))
        assert (first["homes added"], first["devices added"], first["areas added"]) == (1, 2, 4)
        assert not +store.write_register(conn, read(*rows))
        again = store.write_register(conn, read(moved, rows[1]))
        assert (again["homes added"], again["devices moved or changed"]) == (1, 1)
        history = conn.execute(
            "SELECT h.code, i.until IS NULL FROM installation i JOIN home h ON h.id = i.home_id"
            " JOIN device d ON d.id = i.device_id WHERE d.serial = 's1' ORDER BY i.since, i.until NULLS LAST"
        ).fetchall()
    assert history == [("H1", False), ("H2", True)]
