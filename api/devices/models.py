"""Devices, their latest values and their history."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field

from api.values import Answer, Identified, Instant, Moment, Page, Request, Search, Word
from core.catalogue import Kind, device_types, metric_by_id, metrics
from core.model import Note
from core.rooms import NAMES, Room

Bucket = Literal["raw", "1m", "5m", "1h", "1d"]


class Vendor(Answer):
    """Who makes it."""

    id: int
    code: str
    name: str


class DeviceHome(Answer):
    """Where it hangs."""

    id: int
    code: str
    address: str


class Latest(Answer):
    """The last value of one metric."""

    metric: str
    zh: str
    en: str
    unit: str
    unit_zh: str
    kind: Kind
    value: float
    ts: Instant
    since: Instant = Field(description="since when it has been this; for a binary: since the last change")

    @classmethod
    def of(cls, entry: dict[str, Any]) -> Self:
        """From {metric: id, value, ts, since}."""
        metric = metric_by_id()[entry["metric"]]
        return cls(
            metric=metric.name, zh=metric.zh, en=metric.en, unit=metric.unit, unit_zh=metric.unit_zh, kind=metric.kind,
            value=entry["value"], ts=entry["ts"], since=entry["since"],
        )  # fmt: skip


class DeviceNote(Answer):
    """What its vendor should mend, though its readings are taken."""

    code: Note
    count: int
    first_at: Instant
    last_at: Instant


class Device(Identified):
    """A terminal. A vendor sees no home and no room: where its devices hang is not its business."""

    serial: str
    vendor: Vendor
    type: str
    type_zh: str
    type_en: str
    model: str = Field(description="the vendor's own name for it, or empty")
    room: str = Field(description="as somebody wrote it")
    room_kind: Room
    room_zh: str
    room_en: str
    in_stock: bool = Field(description="it hangs in no home: what it says is refused until it does")
    home: DeviceHome | None
    last_seen_at: Instant | None
    silent: bool = Field(description="no word for longer than this kind of device may be quiet")
    online: bool | None = Field(description="as the broker saw its connection; none: it never said")
    battery: float | None = Field(description="per cent")
    retired_at: Instant | None
    notes: list[DeviceNote] = Field(description="of the last 30 days, the newest first")


class Battery(Answer):
    """When a battery was changed or charged, as the device's own readings tell."""

    changed_at: Instant
    before: float | None = Field(description="per cent; none: the device says only that it is low")
    after: float | None


class DeviceDetail(Device):
    """A device with its latest values."""

    latest: list[Latest]
    batteries: list[Battery] = Field(description="the newest first, 20 at most")


def device_parts(row: dict[str, Any], *, placed: bool) -> dict[str, Any]:
    """The fields of a Device from a row of `api.devices.store`; without the place unless `placed`."""
    kind = device_types().get(row["type"])
    hangs = placed and row["home_id"] is not None
    home = {key: row[f"home_{key}"] for key in ("id", "code", "address")} if hangs else None
    room = Room(row["room_kind"]) if placed else Room.UNKNOWN
    return {
        **row,
        "room_kind": room,
        "room_zh": NAMES[room][0],
        "room_en": NAMES[room][1],
        "vendor": {"id": row["vendor_id"], "code": row["vendor_code"], "name": row["vendor_name"]},
        "type_zh": kind.zh if kind else row["type"],
        "type_en": kind.en if kind else row["type"],
        "home": home,
        "room": row["room"] if placed else "",
    }


class DevicePage(Answer):
    """A part of the list, by id."""

    items: list[Device]
    next_cursor: str | None


class TypeChoice(Answer):
    """A kind of terminal that is there."""

    code: str
    zh: str
    en: str

    @classmethod
    def of(cls, code: str) -> Self:
        """With the catalogue's names."""
        kind = device_types().get(code)
        return cls(code=code, zh=kind.zh if kind else code, en=kind.en if kind else code)


class VendorChoice(Answer):
    """A vendor whose devices are there."""

    code: str
    name: str


class DeviceChoices(Answer):
    """What the list of devices can be filtered by."""

    types: list[TypeChoice]
    vendors: list[VendorChoice]


class DeviceQuery(Page):
    """Which devices."""

    silent: bool | None = None
    battery_below: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] | None = None
    type: Word | None = None
    vendor: Word | None = Field(None, description="a vendor's code")
    in_stock: bool = Field(False, description="those that hang in no home, instead of those that do")
    noted: bool | None = Field(
        None, description="only devices of which the vendor has something to mend, or only others"
    )
    q: Search | None = Field(
        None,
        description="words in any order, each a part of the serial or type; for operators also of the vendor, the room,"
        " or whatever finds the home",
    )


class HistoryQuery(Request):
    """Which part of a device's past."""

    metric: Annotated[Word, Field(json_schema_extra={"enum": list(metrics())})]
    since: Moment | None = Field(None, alias="from", description="24 hours before `to`, if not given")
    until: Moment | None = Field(None, alias="to", description="now, if not given")
    bucket: Literal["auto"] | Bucket = "auto"


class Point(Answer):
    """What was measured in one bucket; a raw point has one reading."""

    ts: Instant
    mean: float
    low: float
    high: float
    readings: int


class History(Answer):
    """One metric's past, oldest first."""

    metric: str
    unit: str
    unit_zh: str
    bucket: Bucket
    points: list[Point]
