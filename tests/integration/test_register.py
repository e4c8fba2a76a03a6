"""A register file is imported whole or not at all, and a second time without effect."""

import csv
import io
from contextlib import nullcontext

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import register, store
from registry.register import COLUMNS
from tests.registry import seed

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


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        (
            "address",
            "长" * 100_000,
            "row 2, address: '长长长长长长长长长长长长长长长长长长长长'… has 100000 characters",
        ),
        ("home_code", "H" * 65, "row 2, home_code"),
        ("person_name", "甲" * 65, "row 2, person_name"),
        ("room", "室" * 65, "row 2, room"),
        ("area_path", f"qu.zhen.cun.{'g' * 65}", "row 2, area_path"),
        ("area_names", f"区/镇/村/{'格' * 65}", "row 2, area_names"),
        ("contacts", f"网格员:{'乙' * 65}:000-1", "row 2, contacts"),
        ("contacts", f"网格员:示例·乙:{'0' * 33}", "row 2, contacts"),
        ("contacts", ";".join(["网格员:示例·乙:000-1"] * 21), "row 2, contacts: has 21 people"),
        ("address", "一号\n二号", "row 3, address: holds a line break"),
        ("home_code", "SELF-CHECK", "row 2, home_code: SELF-CHECK is the self-check's own"),
    ],
)
def test_free_text_is_bounded_by_row_and_column(column, text, expected):
    row = dict(zip(COLUMNS, f"{HOME},acme,s1,sos_button,卧室".split(","), strict=True)) | {column: text}
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    writer.writerow(row)
    file.seek(0)
    error = str(register.read(file, ("acme",)).errors[0])
    assert error.startswith(expected)
    assert len(error) < 200


def test_a_quote_that_is_not_closed_is_an_error_of_its_row_and_no_crash():
    found = read(f"{HOME},acme,s1,sos_button,卧室", '"' + "x" * 200_000)
    assert str(found.errors[0]).startswith("row 3, unreadable")


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=200), st.booleans())
def test_whatever_a_file_holds_it_is_read_or_refused_by_row(text, with_header):
    file = io.StringIO(",".join(COLUMNS) * with_header + "\n" * with_header + text)
    found = register.read(file, ("acme",))
    assert all(error.row >= 1 and error.message for error in found.errors)


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=80), min_size=13, max_size=13))
def test_whatever_stands_in_a_row_what_is_taken_is_bounded(fields):
    file = io.StringIO()
    csv.writer(file).writerows([COLUMNS, fields])
    file.seek(0)
    for home in register.read(file, ("acme",)).homes.values():
        assert len(home.code) <= 64
        assert len(home.contacts) <= 20


BOUNDS = [
    ("area", "name", 64), ("home", "code", 64), ("home", "address", 200), ("person", "name", 64),
    ("person", "note", 2000), ("person", "illnesses", 500),
    ("home", "key_place", 200), ("contact", "hours", 64), ("home", "dog", 100), ("contact", "name", 64),
    ("contact", "role", 32), ("contact", "phone", 32),
    ("device", "room", 64), ("vendor", "name", 64), ("account", "name", 64), ("alert_event", "note", 2000),
]  # fmt: skip


@pytest.mark.parametrize(("table", "column", "most"), BOUNDS)
def test_the_database_bounds_free_text_whoever_writes_it(database, table, column, most):
    seed(database.owner, homes=1, types=("sos_button",))
    with psycopg.connect(database.owner) as conn:
        conn.execute("INSERT INTO alert (home_id, rule, severity, occurred_at, opened_at, last_at)"
                     " SELECT id, 'sos', 'emergency', now(), now(), now() FROM home")  # fmt: skip
        for length in (most, most + 1):
            outcome = nullcontext() if length == most else pytest.raises(psycopg.errors.CheckViolation)
            with outcome, conn.transaction():
                put(conn, table, column, "长" * length)


def put(conn, table, column, text):
    if table == "alert_event":  # append-only
        conn.execute(
            "INSERT INTO alert_event (alert_id, at, kind, note) SELECT id, now(), 'comment', %s FROM alert", (text,)
        )
    else:
        conn.execute(f"UPDATE {table} SET {column} = %s WHERE id = (SELECT min(id) FROM {table})", (text,))
