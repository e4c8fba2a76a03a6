"""Reads a delivery of devices (CSV) that hang in no home yet, and says row by row what is wrong with it."""

import csv
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TextIO

from core.catalogue import device_types
from registry.register import SERIAL, RowError

COLUMNS = ("vendor", "serial", "type", "model")
MODEL_LONGEST = 64  # characters
MOST = 100_000  # rows of one file


@dataclass(frozen=True, slots=True)
class Stocked:
    """One terminal of a delivery; `model` is the vendor's own name for it, or empty."""

    vendor: str
    serial: str
    type: str
    model: str


@dataclass(slots=True)
class Delivery:
    """What a file says. It may be written to the database only when `errors` is empty."""

    devices: list[Stocked] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)


def read(file: TextIO, vendors: Collection[str]) -> Delivery:
    """Parse the whole file, collecting every error; `vendors` are the codes that exist. At most MOST rows."""
    delivery = Delivery()
    rows = csv.DictReader(file)
    missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
    if missing:
        delivery.errors.append(RowError(1, missing[0], f"the header lacks {', '.join(missing)}"))
        return delivery
    seen: set[tuple[str, str]] = set()
    try:
        for row in rows:
            device = Stocked(*((row[column] or "").strip() for column in COLUMNS))
            delivery.errors += [RowError(rows.line_num, *wrong) for wrong in _wrong(device, vendors)]
            if (device.vendor, device.serial) in seen:
                delivery.errors.append(RowError(rows.line_num, "serial", f"{device.serial} stands in an earlier row"))
            seen.add((device.vendor, device.serial))
            delivery.devices.append(device)
            if len(delivery.devices) > MOST:
                delivery.errors.append(RowError(rows.line_num, "serial", f"{MOST} devices are the most of one file"))
                break
    except csv.Error as error:
        delivery.errors.append(RowError(rows.line_num + 1, "unreadable", str(error)))
    return delivery


def _wrong(device: Stocked, vendors: Collection[str]) -> list[tuple[str, str]]:
    """(column, what to mend) of one row."""
    found = []
    if device.vendor not in vendors:
        found.append(("vendor", f"{device.vendor!r} is not registered; add it with: shouwang vendor add"))
    if not SERIAL.fullmatch(device.serial):
        found.append(("serial", f"{device.serial[:80]!r} is not 1 to 64 of letters, digits and _ . : -"))
    if device.type not in device_types():
        found.append(("type", f"{device.type!r} is not a device type; known are {', '.join(device_types())}"))
    if len(device.model) > MODEL_LONGEST or not device.model.isprintable():
        found.append(("model", f"more than {MODEL_LONGEST} characters, or some that can't be printed"))
    return found
