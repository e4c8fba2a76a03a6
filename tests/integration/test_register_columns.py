"""What a register file says beyond name and address: optional columns, in and out, as Excel saves them."""

import csv
import io
from datetime import date

import openpyxl
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from registry import export, fields, register, store
from registry import people_store as people
from registry.register import COLUMNS
from shouwang.cli import app
from tests.register_file import DEVICE, HOME, wide


def write(database, text):
    with psycopg.connect(database.url("registrar")) as conn:
        store.write_vendor(conn, "acme", "示例厂", "flat")
        found = register.read(io.StringIO(text), store.vendor_codes(conn), store.categories(conn))
        assert found.errors == []
        return store.write_register(conn, found)


def person(database, name="示例·甲"):
    with psycopg.connect(database.owner) as conn:
        number = people.home_number(conn, "H1")
        return next(one for one in people.people_of(conn, number) if one["name"] == name)


def exported(database):
    file = io.StringIO()
    with psycopg.connect(database.url("registrar")) as conn:
        export.write(people.entries(conn), file)
    return file.getvalue()


def test_a_file_with_the_optional_columns_says_all_of_a_home_and_its_people(database):
    write(database, wide())
    found = person(database)
    assert (found["phones"], found["ability"], found["categories"], found["self_care_on"]) == (
        ["138 0013 8000", "010-6555 0199"], 2, ["dispersed_support", "alone"], date(2026, 5, 2),
    )  # fmt: skip
    assert found["self_care"] == [True, True, False, True, True, False]


def test_a_file_of_thirteen_columns_leaves_the_rest_as_it_is_and_an_empty_column_empties_it(database):
    contacts = "女儿:示例·乙:000-1|000-2:侄女:钥匙:08:00-20:00"
    write(database, wide({"contacts": contacts}))
    old = "\n".join([",".join(COLUMNS), f"{HOME},{DEVICE}".replace("网格员:示例·乙:000-1", "女儿:示例·乙:000-1")])
    assert not +write(database, old)
    assert person(database)["illnesses"] == "高血压、冠心病"
    with psycopg.connect(database.owner) as conn:
        (kept,) = people.contacts(conn, people.home_number(conn, "H1"))
    assert (kept["other_phones"], kept["hours"], kept["holds_key"]) == (["000-2"], "08:00-20:00", True)
    done = write(database, wide({"contacts": contacts, "illnesses": "", "dog": ""}))
    assert (done["persons written"], done["homes changed"], done["contact lists written"]) == (1, 1, 0)
    assert person(database)["illnesses"] == ""


def test_two_people_may_live_in_one_home_and_their_rows_must_agree(database):
    write(database, wide({}, {"person_name": "示例·丁", "illnesses": "糖尿病", "serial": "s2"}))
    assert person(database, "示例·丁")["illnesses"] == "糖尿病"
    found = register.read(
        io.StringIO(wide({}, {"illnesses": "糖尿病", "serial": "s2"})), ["acme"], {"分散供养特困": "a", "alone": "b"}
    )
    assert str(found.errors[0]) == "row 3, illnesses: differs from an earlier row of 示例·甲 in H1"


def test_a_home_in_which_nobody_lives_is_taken_and_given_back(database):
    nobody = dict.fromkeys([one.name for one in fields.PERSON], "") | {"person_name": ""}
    write(database, wide(nobody))
    assert not +write(database, exported(database))


TEXT = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="|;:；、"), min_size=1, max_size=12)
PHONES = st.lists(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), max_size=4)
MORE_OF_CONTACT = st.tuples(TEXT | st.just(""), st.sampled_from(["", "钥匙"]), st.sampled_from(["", "08:00-20:00"]))
CONTACT = st.tuples(TEXT, TEXT, PHONES.filter(bool), MORE_OF_CONTACT)
ROWS = st.fixed_dictionaries(
    {
        "home_code": st.sampled_from(["H1", "H2"]), "person_name": st.sampled_from(["示例·甲", "示例·丁"]),
        "illnesses": TEXT | st.just(""), "phones": PHONES.map("|".join), "ability": st.sampled_from(["", *"01234"]),
        "self_care": st.just("") | st.text("是否", min_size=6, max_size=6),
        "categories": st.sampled_from(["", "alone", "alone|veteran"]),
        "contacts": st.lists(CONTACT, max_size=3).map(
            lambda those: ";".join(":".join([*who, "|".join(numbers), *more]) for *who, numbers, more in those)
        ),
    }
)  # fmt: skip


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROWS, min_size=1, max_size=3, unique_by=lambda row: (row["home_code"], row["person_name"])))
def test_what_is_exported_is_read_back_without_any_change(database, rows):
    contacts = {row["home_code"]: row["contacts"] for row in rows}  # a home's rows agree
    rows = [row | {"contacts": contacts[row["home_code"]], "serial": f"s{n}"} for n, row in enumerate(rows)]
    write(database, wide(*rows))
    text = exported(database)
    assert not +write(database, text)
    assert exported(database) == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "xlsx"])
def test_the_command_takes_a_file_as_excel_saved_it_and_writes_one_that_only_its_owner_reads(
    database, tmp_path, monkeypatch, encoding
):
    monkeypatch.setenv("SHOUWANG_DATABASE_URL", database.url("registrar"))
    file, out = tmp_path / "register", tmp_path / "out.csv"
    with psycopg.connect(database.owner) as conn:
        store.write_vendor(conn, "acme", "示例厂", "flat")
    if encoding == "xlsx":
        book = openpyxl.Workbook()
        for row in csv.reader(io.StringIO(wide())):
            book.active.append(row)
        book.save(file)
    else:
        file.write_bytes(wide().encode(encoding))
    assert "1 homes added" in CliRunner().invoke(app, ["register", str(file)]).output
    assert CliRunner().invoke(app, ["export", str(out)]).exit_code == 0
    assert out.stat().st_mode & 0o777 == 0o600
    assert "nothing to change" in CliRunner().invoke(app, ["register", str(out)]).output
    assert CliRunner().invoke(app, ["export", str(out)]).exit_code != 0  # never over a file that is there
