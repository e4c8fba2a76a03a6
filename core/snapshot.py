"""What programs keep of the registry in memory: plain data, read by `registry.snapshot_store` and handed over whole."""

from typing import Literal, NamedTuple

import numpy as np


class VendorRow(NamedTuple):
    """One vendor."""

    id: int
    code: str
    format: str  # of its payloads, unless a device type has its own


class DeviceRow(NamedTuple):
    """One device, in service or retired."""

    vendor: str  # code
    serial: str
    device_id: int
    home_id: int | None  # none: in stock
    type: str
    retired: bool


class Registered(NamedTuple):
    """All vendors and devices, those that were removed or retired too."""

    vendors: list[VendorRow]
    devices: list[DeviceRow]


class Attribute(NamedTuple):
    """Something of a person that rules read: a column `person.<name>` of small integers, one value for a home."""

    unknown: int  # where nobody lives, or nothing is known of who does
    of_two: Literal["min", "max"]  # where two live, the value that alarms sooner


# One line makes another: rules have it as `fleet.person("name")`; the engine's role must be allowed to read the column.
PERSON = {
    "spo2_scale": Attribute(1, "min"),  # NEWS2: 2 for hypercapnic failure, whose low saturation is usual
    "ability": Attribute(-1, "max"),  # GB/T 42195-2022, 0 able to 4 wholly disabled
    "self_care_lost": Attribute(-1, "max"),  # how many of the six items of self-care need help
}

# Fixed records as PostgreSQL sends them; `type` is a place in the list that was asked with, `room` in core.rooms.ROOMS.
HOME = np.dtype([("id", ">i4"), *((name, ">i2") for name in PERSON)])
DEVICE = np.dtype([("id", ">i4"), ("home", ">i4"), ("type", ">i2"), ("room", ">i2"), ("installed_at", ">i8")])
