"""A register file is read as whoever saved it meant it: UTF-8, GB18030 or Excel; what is no such file says so."""

import csv
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import sheet
from registry.sheet import SheetError, decode, open_sheet

ROWS = [["home_code", "address"], ["H1", "幸福村 31 号，“东屋”"]]
TEXT = "\n".join(",".join(row) for row in ROWS)
HANZI = st.text(st.characters(codec="gb18030", exclude_characters="\ufeff", exclude_categories=("Cs",)), max_size=60)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_a_csv_file_is_read_in_whatever_excel_saved_it(tmp_path, encoding):
    (tmp_path / "file.csv").write_bytes(TEXT.encode(encoding))
    assert [row for _, row in open_sheet(tmp_path / "file.csv").rows] == ROWS


@given(HANZI)
def test_utf_8_is_always_read_as_such(text):
    assert decode(("示例" + text).encode()) == "示例" + text


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (TEXT.encode("utf-16"), "UTF-16"), (b"\xff\xff\xff", "neither UTF-8 nor GB18030"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "before 2007"), (b"PK\x03\x04 and no more", "no workbook"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_of_these_says_what_to_save_it_as(tmp_path, data, why):
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(SheetError, match=why):
        open_sheet(tmp_path / "file")


def workbook(path, *rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_a_workbooks_dates_and_numbers_are_read_as_they_stand_in_a_csv_file(tmp_path):
    moment, day = datetime(1941, 3, 9), date(1941, 3, 9)  # noqa: DTZ001
    path = workbook(tmp_path / "file.xlsx", ["a", "b"], [moment, day], [13800138000, 13800138000.0], [31.25, None])
    assert [row[:2] for _, row in open_sheet(path).rows] == [
        ["a", "b"], ["1941-03-09", "1941-03-09"], ["13800138000", "13800138000"], ["31.25", ""],
    ]  # fmt: skip


def replaced(path, name, data):
    """The workbook with one part in place of another."""
    with zipfile.ZipFile(path) as old:
        parts = {part: old.read(part) for part in old.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part, content in (parts | {name: data}).items():
            new.writestr(part, content)
    return path


def test_a_workbook_that_unpacks_to_more_than_is_borne_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    assert sheet.UNPACKED["xl/sharedStrings.xml"] == 64 << 20
    monkeypatch.setitem(sheet.UNPACKED, "xl/sharedStrings.xml", 4 << 20)  # 64 MiB take half a second to pack
    path = replaced(workbook(tmp_path / "bomb.xlsx", ["a"]), "xl/sharedStrings.xml", bytes(5 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(SheetError, match="unpacks to"):
        open_sheet(path)


def test_a_workbook_of_many_parts_is_refused(tmp_path):
    path = workbook(tmp_path / "many.xlsx", ["a"])
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(1001):
            archive.writestr(f"part{number}", b"")
    with pytest.raises(SheetError, match="parts"):
        open_sheet(path)


FAR = b"""<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<sheetData><row r="1"><c r="A1" t="str"><v>a</v></c><c r="XFD1" t="str"><v>b</v></c></row>
<row r="900000000"><c r="A900000000" t="str"><v>c</v></c></row></sheetData></worksheet>"""
LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "%s">%s]>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<sheetData><row r="1"><c r="A1" t="str"><v>&i;</v></c></row></sheetData></worksheet>""" % (
    b"ha" * 1000, b"".join(b'<!ENTITY %c "%s">' % (c, b"&%c;" % (c - 1) * 100) for c in b"bcdefghi"),
)  # fmt: skip


def test_a_cell_at_the_end_of_the_world_costs_no_memory(tmp_path):
    path = replaced(workbook(tmp_path / "far.xlsx", ["a"]), "xl/worksheets/sheet1.xml", FAR)
    (number, row) = next(iter(open_sheet(path).rows))
    assert (number, row[0], len(row)) == (1, "a", sheet.COLUMNS_MAXIMUM)


@pytest.mark.parametrize("part", [LAUGHS, b"<worksheet", FAR[:250]])
def test_a_workbook_that_breaks_off_or_laughs_is_refused(tmp_path, part):
    path = replaced(workbook(tmp_path / "broken.xlsx", ["a"]), "xl/worksheets/sheet1.xml", part)
    with pytest.raises((SheetError, csv.Error)):
        list(open_sheet(path).rows)
