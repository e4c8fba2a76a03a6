"""A delivery's file is read whole, and each error names its row and column."""

import io

import pytest

from registry import stock
from registry.stock import COLUMNS, Stocked


def read(*rows):
    return stock.read(io.StringIO("\n".join([",".join(COLUMNS), *rows]) + "\n"), {"acme"})


def test_a_delivery_is_a_device_a_row():
    found = read("acme,s1,sos_button,WS101", "acme,s2,sos_button,")
    assert found.devices == [Stocked("acme", "s1", "sos_button", "WS101"), Stocked("acme", "s2", "sos_button", "")]
    assert found.errors == []


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("nobody,s1,sos_button,", "row 2, vendor: 'nobody' is not registered"),
        ("acme,s 1,sos_button,", "row 2, serial: 's 1'"),
        ("acme,s1,toaster,", "row 2, type: 'toaster' is not a device type"),
        (f"acme,s1,sos_button,{'x' * 65}", "row 2, model: more than 64"),
        ("acme,s1,sos_button,a\x07", "row 2, model"),
    ],
)
def test_each_error_names_its_row_and_column(row, expected):
    assert str(read(row).errors[0]).startswith(expected)


def test_a_device_that_stands_twice_and_a_header_that_lacks_a_column_are_told():
    assert "row 3, serial: s1 stands in an earlier row" in map(str, read(*["acme,s1,sos_button,"] * 2).errors)
    assert "type, model" in str(stock.read(io.StringIO("vendor,serial\n"), {"acme"}).errors[0])


def test_a_file_has_a_bound(monkeypatch):
    monkeypatch.setattr(stock, "MOST", 2)
    assert "2 devices are the most" in str(read(*[f"acme,s{n},sos_button," for n in range(5)]).errors[0])
