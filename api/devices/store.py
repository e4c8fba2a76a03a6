"""Devices and their latest values; whose, the database's policies say."""

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
from core.roles import Permission

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
    LEFT JOIN home h ON h.id = d.home_id {ALLOWED}
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


def list_devices(conn: Connection, me: Caller, wanted: DeviceQuery, now: datetime) -> DevicePage:
    """One page of the devices in service, or of those in stock, by id.

    Which they are is found first: what they say now would else be looked up for all that a small area has.
    """
    placed = "d.home_id IS NULL" if wanted.in_stock else "d.home_id IS NOT NULL"
    conditions, tables = ["d.retired_at IS NULL", placed], "device d JOIN vendor v ON v.id = d.vendor_id"
    given = {**values(conn, now), **wanted.model_dump(), "limit": wanted.limit + 1}
    if not wanted.in_stock:
        conditions.append(_within(me))
    if wanted.silent is not None or wanted.battery_below is not None:
        tables += ALLOWED
    if wanted.silent is not None:
        tables += SEEN
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
    page = f"SELECT d.id FROM {tables} WHERE {' AND '.join(conditions)} ORDER BY d.id LIMIT %(limit)s"
    found = rows(conn, f"SELECT {COLUMNS} FROM {TABLES} {SEEN} WHERE d.id = ANY(ARRAY({page})) ORDER BY d.id", given)
    items = [
        Device.model_validate(device_parts(row, placed=me.may(Permission.HOMES_READ))) for row in found[: wanted.limit]
    ]
    return DevicePage(items=items, next_cursor=cursors.encode(items[-1].id) if len(found) > wanted.limit else None)


def _within(me: Caller) -> str:
    """As the policy says it; said alone it leads a small area's list through the index of places."""
    return "true" if me.is_vendor else "d.place >= my_first() AND d.place < my_last()"


def _found_by(text: str, me: Caller, given: dict[str, Any]) -> str:
    """Every word names the device or, for operators only, where it hangs and who lives there."""
    return (
        " AND ".join(_found_by_word(word, f"q{n}", n, me, given) for n, word in enumerate(words.split(text))) or "true"
    )


def _found_by_word(word: words.Word, name: str, number: int, me: Caller, given: dict[str, Any]) -> str:
    given[name], given[f"{name}_types"] = words.contains(word.typed), _types(word)
    found = [f"lower(d.serial) LIKE %({name})s", f"d.type = ANY(%({name}_types)s)"]
    if me.may(Permission.HOMES_READ):
        found += [
            f"lower(d.room) LIKE %({name})s",
            f"d.vendor_id IN (SELECT id FROM vendor WHERE code LIKE %({name})s OR lower(name) LIKE %({name})s)",
            f"d.home_id IN (SELECT s.home_id FROM home_search_in_scope s WHERE {words.home_by(word, number, given)})",
        ]
    return f"({' OR '.join(found)})"


def _types(word: words.Word) -> list[str]:
    """The types of device that a word may mean, in either language."""
    names = {code: search.form(f"{code}{kind.zh}{kind.en}") for code, kind in device_types().items()}
    return [code for code, form in names.items() if word.form and word.form in form]


def choices(conn: Connection) -> DeviceChoices:
    """The types and vendors of the devices in service that the caller may see."""
    found = rows(
        conn,
        "SELECT DISTINCT d.type, v.code AS vendor_code, v.name AS vendor_name FROM device_in_scope d"
        " JOIN vendor v ON v.id = d.vendor_id WHERE d.retired_at IS NULL ORDER BY 1, 2",
        (),
    )
    types = {row["type"]: TypeChoice.of(row["type"]) for row in found}
    vendors = {row["vendor_code"]: VendorChoice(code=row["vendor_code"], name=row["vendor_name"]) for row in found}
    return DeviceChoices(types=list(types.values()), vendors=list(vendors.values()))


def get_device(conn: Connection, me: Caller, device_id: int, now: datetime) -> DeviceDetail | None:
    """One device with its latest values; None when the caller may not know it."""
    found = details(conn, me, "d.id = %(device)s", {"device": device_id}, now)
    return found[0] if found else None


def of_home(conn: Connection, me: Caller, home_id: int, now: datetime) -> list[DeviceDetail]:
    """The devices in service in a home the caller may see."""
    return details(conn, me, "d.home_id = %(home)s AND d.retired_at IS NULL", {"home": home_id}, now)


def details(conn: Connection, me: Caller, condition: str, given: dict[str, Any], now: datetime) -> list[DeviceDetail]:
    """Devices under a condition; where they hang and their latest values as far as the caller's role shows them."""
    placed, measured = me.may(Permission.HOMES_READ), me.may(Permission.READINGS_READ)
    found = rows(
        conn, f"SELECT {COLUMNS} FROM {TABLES} {SEEN} WHERE {condition} ORDER BY d.id", {**given, **values(conn, now)}
    )
    latest: dict[int, list[Latest]] = {row["id"]: [] for row in found}
    known = [metric.id for metric in metrics().values() if measured]
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
