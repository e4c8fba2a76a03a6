"""A register file is read whole, and each error names its row and column."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import register
from registry.register import COLUMNS
from tests.register_file import DEVICE, HOME, read, wide


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


@pytest.mark.parametrize(
    ("column", "text", "expected"),
    [
        ("categories", "富裕", "row 2, categories: '富裕' is not in the list"),
        ("self_care", "是", "row 2, self_care: '是' is not six of"),
        ("longitude", "", "row 2, longitude: latitude and longitude go together"),
        ("carer_until", "2025-01-01", "row 2, carer_until: lies before carer_since"),
        ("person_name", "", "row 2, person_name: is empty"),
        ("phones", "12", "row 2, phones: '12' is not a telephone number"),
        ("contacts", "女儿:示例·乙:000-1:女儿:maybe", "row 2, contacts: 'maybe' is not"),
    ],
)
def test_an_optional_column_that_is_wrong_is_named_with_its_row(column, text, expected):
    found = register.read(io.StringIO(wide({column: text})), ["acme"], {"分散供养特困": "a", "alone": "b"})
    assert str(found.errors[0]).startswith(expected)


def test_a_column_that_means_nothing_here_is_said_to_be_left_out():
    file = io.StringIO(",".join([*COLUMNS, "ilnesses"]) + f"\n{HOME},{DEVICE},高血压\n")
    found = register.read(file, ["acme"])
    assert (found.errors, found.ignored) == ([], ["ilnesses"])


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=80), min_size=13, max_size=13))
def test_whatever_stands_in_a_row_what_is_taken_is_bounded(fields):
    file = io.StringIO()
    csv.writer(file).writerows([COLUMNS, fields])
    file.seek(0)
    for home in register.read(file, ("acme",)).homes.values():
        assert len(home.code) <= 64
        assert len(home.contacts) <= 20
