"""A register file as rows of text: CSV in UTF-8 or GB18030, as Chinese Excel saves it, or an Excel workbook."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple, TextIO

LARGEST_CSV = 256 << 20  # bytes
LARGEST_WORKBOOK = 32 << 20
# What a workbook may unpack to: a zip file of kilobytes can hold gigabytes. The first is read row by row, the others
# are held in memory. zipfile gives no more of a part than its directory says, so the directory can be believed.
UNPACKED = {"xl/worksheets/": 128 << 20, "xl/sharedStrings.xml": 64 << 20, "": 8 << 20}
PARTS_MAXIMUM = 1000
ROWS_MAXIMUM = 1 << 20  # Excel's own
COLUMNS_MAXIMUM = 64


class SheetError(ValueError):
    """The file as a whole can't be read; the message says what to do."""


class Sheet(NamedTuple):
    """Rows of a file, each with its number as a spreadsheet counts; the first of them is the header."""

    rows: Iterator[tuple[int, list[str]]]


def open_sheet(path: Path) -> Sheet:
    """The rows of a file, whatever it is; raises SheetError."""
    with path.open("rb") as file:
        start = file.read(8)
    size = path.stat().st_size
    if start.startswith(b"PK\x03\x04"):
        return _workbook(path, size)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetError("is an Excel file of before 2007; save it as .xlsx or as CSV")
    if size > LARGEST_CSV:
        raise SheetError(f"has {size} bytes; {LARGEST_CSV} are the most: split it")
    return Sheet(csv_rows(io.StringIO(decode(path.read_bytes()), newline="")))


def decode(data: bytes) -> str:
    """The text of a CSV file: UTF-8 if it can be that, else GB18030. Text of the one is hardly ever valid in the other.

    Raises SheetError when it is neither.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SheetError("is UTF-16 (Excel's “Unicode text”); save it as CSV UTF-8")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetError("is neither UTF-8 nor GB18030; save it as CSV UTF-8")


def csv_rows(file: TextIO) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV text; raises csv.Error where it breaks off."""
    reader = csv.reader(file)
    for row in reader:
        yield reader.line_num, row


def _workbook(path: Path, size: int) -> Sheet:
    from openpyxl import load_workbook  # here: most commands do without

    if size > LARGEST_WORKBOOK:
        raise SheetError(f"has {size} bytes; {LARGEST_WORKBOOK} are the most for a workbook: save it as CSV")
    try:
        with zipfile.ZipFile(path) as archive:
            _bounded(archive.infolist())
        sheet = load_workbook(
            io.BytesIO(path.read_bytes()), read_only=True, data_only=True, keep_links=False
        ).worksheets[0]
    except SheetError:
        raise
    except Exception as error:  # whatever a broken workbook makes the library stumble over
        raise SheetError(f"is no workbook that can be read ({type(error).__name__}); save it as CSV UTF-8") from None
    return Sheet(_cells(sheet.iter_rows(max_row=ROWS_MAXIMUM, max_col=COLUMNS_MAXIMUM, values_only=True)))


def _bounded(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > PARTS_MAXIMUM:
        raise SheetError(f"holds {len(parts)} parts; {PARTS_MAXIMUM} are the most for a workbook")
    unpacked = dict.fromkeys(UNPACKED, 0)
    for part in parts:
        unpacked[next(name for name in UNPACKED if part.filename.startswith(name))] += part.file_size
    for name, total in unpacked.items():
        if total > UNPACKED[name]:
            raise SheetError(f"unpacks to {total} bytes; {UNPACKED[name]} are the most: save it as CSV")


def _cells(rows: Iterable[tuple[object, ...]]) -> Iterator[tuple[int, list[str]]]:
    number = 0
    try:
        for number, row in enumerate(rows, 1):
            yield number, [_text(value) for value in row]
    except Exception as error:  # as above: it is read while one goes
        raise csv.Error(f"the workbook breaks off ({type(error).__name__})") from None


def _text(value: object) -> str:
    """A cell as it stands in a CSV file: a telephone number that Excel took for a number has no decimals."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
