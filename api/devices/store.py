"""Devices and their latest values, within an area or of one vendor."""

from datetime import datetime
from typing import Any

from psycopg import Connection

from api import cursors
from api import search_store as words
from api.accounts.store import Caller
from api.alerts.store import rows
from api.devices.models import (
    Device,
    DeviceChoices,
    DeviceDetail,
    DevicePage,
    DeviceQuery,
    Latest,
    TypeChoice,
    VendorChoice,
    device_parts,
)
from api.devices.newest_store import ALLOWED, NEWEST, WRITTEN, silent, told, values
from core import search
from core.catalogue import device_types, metrics

COLUMNS = f"""
    d.id, d.serial, d.type, d.model, d.room, d.room_kind, d.retired_at, d.home_id IS NULL AS in_stock,
    d.vendor_id, v.code AS vendor_code, v.name AS vendor_name,
    h.id AS home_id, h.code AS home_code, h.address AS home_address,
    seen.last_seen_at, seen.online, seen.battery,
    d.retired_at IS NULL AND d.home_id IS NOT NULL AND {silent("seen")} AS silent,
    coalesce((SELECT jsonb_agg(jsonb_build_object('code', n.code, 'count', n.count, 'first_at', n.first_at,
                                                  'last_at', n.last_at) ORDER BY n.last_at DESC)
              FROM device_note n WHERE n.device_id = d.id), '[]') AS notes
"""
TABLES = f"""
    device d JOIN vendor v ON v.id = d.vendor_id
    LEFT JOIN home h ON h.id = d.home_id LEFT JOIN area ar ON ar.id = h.area_id {ALLOWED}
"""
SEEN = told("seen", NEWEST)
LATEST = f"""
    SELECT d.id AS device_id, n.metric, n.value, n.ts, n.since
    FROM device d {ALLOWED} CROSS JOIN LATERAL ({NEWEST}) n
    WHERE d.id = ANY(%(devices)s) AND n.metric = ANY(%(known)s) ORDER BY d.id, n.metric
"""

BATTERIES = """
    SELECT device_id, changed_at, before, after FROM device_battery WHERE device_id = ANY(%(devices)s)
    ORDER BY changed_at DESC
"""


def visible(me: Caller) -> tuple[str, dict[str, Any]]:
    """The condition that leaves the devices `me` may see, and its parameters."""
    if me.is_vendor:
        return "d.vendor_id = %(own_vendor)s", {"own_vendor": me.vendor_id}
    return "(d.home_id IS NULL OR ar.path <@ %(scope)s::ltree)", {"scope": me.scope}


def list_devices(conn: Connection, me: Caller, wanted: DeviceQuery, now: datetime) -> DevicePage:
    """One page of the devices in service, or of those in stock, by id."""
    condition, given = visible(me)
    conditions, tables = [condition, "d.retired_at IS NULL", "(d.home_id IS NULL) = %(in_stock)s"], TABLES
    given |= {**values(conn, now), **wanted.model_dump(), "limit": wanted.limit + 1}
    if wanted.silent is not None:
        conditions.append(f"{silent('seen')} = %(silent)s")
    if wanted.silent:  # few are: who is heard by what is quickly read is not silent, and needs no closer look
        tables += told("written", WRITTEN)
        conditions.append(silent("written"))
    if wanted.battery_below is not None:
        tables += told("charge", f"{NEWEST} AND l.metric = %(battery)s")
        conditions.append("charge.battery < %(battery_below)s")
    if wanted.noted is not None:
        conditions.append("EXISTS (SELECT FROM device_note n WHERE n.device_id = d.id) = %(noted)s")
    if wanted.type is not None:
        conditions.append("d.type = %(type)s")
    if wanted.vendor is not None:
        conditions.append("v.code = %(vendor)s")
    if wanted.q:
        conditions.append(_found_by(wanted.q, me, given))
    if wanted.cursor:
        (given["after"],) = cursors.decode(wanted.cursor, int)
        conditions.append("d.id > %(after)s")
    found = rows(
        conn,
        f"SELECT {COLUMNS} FROM {tables} {SEEN} WHERE {' AND '.join(conditions)} ORDER BY d.id LIMIT %(limit)s",
        given,
    )
    items = [Device.model_validate(device_parts(row, placed=not me.is_vendor)) for row in found[: wanted.limit]]
    return DevicePage(items=items, next_cursor=cursors.encode(items[-1].id) if len(found) > wanted.limit else None)


def _found_by(text: str, me: Caller, given: dict[str, Any]) -> str:
    """Every word names the device or, for operators only, where it hangs and who lives there."""
    return (
        " AND ".join(_found_by_word(word, f"q{n}", n, me, given) for n, word in enumerate(words.split(text))) or "true"
    )


def _found_by_word(word: words.Word, name: str, number: int, me: Caller, given: dict[str, Any]) -> str:
    given[name], given[f"{name}_types"] = words.contains(word.typed), _types(word)
    found = [f"lower(d.serial) LIKE %({name})s", f"d.type = ANY(%({name}_types)s)"]
    if not me.is_vendor:
        found += [
            f"lower(d.room) LIKE %({name})s",
            f"d.vendor_id IN (SELECT id FROM vendor WHERE code LIKE %({name})s OR lower(name) LIKE %({name})s)",
            f"d.home_id IN (SELECT s.home_id FROM home_search s WHERE {words.home_by(word, number, given)})",
        ]
    return f"({' OR '.join(found)})"


def _types(word: words.Word) -> list[str]:
    """The types of device that a word may mean, in either language."""
    names = {code: search.form(f"{code}{kind.zh}{kind.en}") for code, kind in device_types().items()}
    return [code for code, form in names.items() if word.form and word.form in form]


def choices(conn: Connection, me: Caller) -> DeviceChoices:
    """The types and vendors of the devices in service that `me` may see."""
    condition, given = visible(me)
    found = rows(
        conn,
        "SELECT DISTINCT d.type, v.code AS vendor_code, v.name AS vendor_name FROM device d"
        " JOIN vendor v ON v.id = d.vendor_id"
        " LEFT JOIN home h ON h.id = d.home_id LEFT JOIN area ar ON ar.id = h.area_id"
        f" WHERE {condition} AND d.retired_at IS NULL ORDER BY 1, 2",
        given,
    )
    types = {row["type"]: TypeChoice.of(row["type"]) for row in found}
    vendors = {row["vendor_code"]: VendorChoice(code=row["vendor_code"], name=row["vendor_name"]) for row in found}
    return DeviceChoices(types=list(types.values()), vendors=list(vendors.values()))


def get_device(conn: Connection, me: Caller, device_id: int, now: datetime) -> DeviceDetail | None:
    """One device with its latest values; None when the caller may not know it."""
    condition, given = visible(me)
    found = details(conn, f"d.id = %(device)s AND {condition}", {**given, "device": device_id}, now, not me.is_vendor)
    return found[0] if found else None


def of_home(conn: Connection, home_id: int, now: datetime) -> list[DeviceDetail]:
    """The devices in service in a home the caller may see."""
    return details(conn, "d.home_id = %(home)s AND d.retired_at IS NULL", {"home": home_id}, now, placed=True)


def details(conn: Connection, condition: str, given: dict[str, Any], now: datetime, placed: bool) -> list[DeviceDetail]:
    """Devices under a condition, with their latest values."""
    found = rows(
        conn, f"SELECT {COLUMNS} FROM {TABLES} {SEEN} WHERE {condition} ORDER BY d.id", {**given, **values(conn, now)}
    )
    latest: dict[int, list[Latest]] = {row["id"]: [] for row in found}
    known = [metric.id for metric in metrics().values()]
    for row in rows(conn, LATEST, {**values(conn, now), "devices": list(latest), "known": known}):
        latest[row["device_id"]].append(Latest.of(row))
    batteries: dict[int, list[dict[str, Any]]] = {row["id"]: [] for row in found}
    for row in rows(conn, BATTERIES, {"devices": list(latest)}):
        batteries[row.pop("device_id")].append(row)
    return [
        DeviceDetail.model_validate(
            {**device_parts(row, placed=placed), "latest": latest[row["id"]], "batteries": batteries[row["id"]]}
        )
        for row in found
    ]
