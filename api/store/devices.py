"""Devices and their latest values, within an area or of one vendor."""

from datetime import datetime
from typing import Any

from psycopg import Connection

from api import cursors
from api.models.devices import Device, DeviceDetail, DevicePage, DeviceQuery, Latest, device_parts
from api.store.accounts import Caller
from api.store.alerts import rows
from core.catalogue import device_types, metrics

# What `latest` tells of a device: `online` 0 is the broker's word that it is away, not a word from the device.
SEEN = """
    LEFT JOIN LATERAL (
        SELECT max(l.seen_at) FILTER (WHERE NOT (l.metric = %(online)s AND l.value = 0)) AS last_seen_at,
               bool_or(l.value <> 0) FILTER (WHERE l.metric = %(online)s) AS online,
               max(l.value) FILTER (WHERE l.metric = %(battery)s) AS battery
        FROM latest l WHERE l.device_id = d.id) seen ON true
    LEFT JOIN unnest(%(types)s::text[], %(quiet)s::interval[]) AS allowed (type, quiet) ON allowed.type = d.type
"""
SILENT = "coalesce(coalesce(seen.last_seen_at, d.installed_at) < %(now)s - allowed.quiet, false)"
COLUMNS = f"""
    d.id, d.serial, d.type, d.room, d.retired_at, d.vendor_id, v.code AS vendor_code, v.name AS vendor_name,
    h.id AS home_id, h.code AS home_code, h.address AS home_address,
    seen.last_seen_at, seen.online, seen.battery, d.retired_at IS NULL AND {SILENT} AS silent,
    coalesce((SELECT jsonb_agg(jsonb_build_object('code', n.code, 'count', n.count, 'first_at', n.first_at,
                                                  'last_at', n.last_at) ORDER BY n.last_at DESC)
              FROM device_note n WHERE n.device_id = d.id), '[]') AS notes
"""
# `latest` may be some minutes behind in a large fleet; what has been stored since is in `reading`.
LATEST = """
    SELECT l.device_id, l.metric, coalesce(r.value, l.value) AS value, coalesce(r.ts, l.ts) AS ts,
           CASE WHEN r.value IS NULL OR (r.value <> 0) = (l.value <> 0) THEN l.since ELSE r.ts END AS since
    FROM latest l LEFT JOIN LATERAL (
        SELECT value, ts FROM reading WHERE device_id = l.device_id AND metric = l.metric AND ts > l.ts
        ORDER BY ts DESC LIMIT 1) r ON true
    WHERE l.device_id = ANY(%s) AND l.metric = ANY(%s) ORDER BY l.device_id, l.metric
"""
TABLES = f"""
    device d JOIN vendor v ON v.id = d.vendor_id
    JOIN home h ON h.id = d.home_id JOIN area ar ON ar.id = h.area_id {SEEN}
"""


def seen_values(now: datetime) -> dict[str, Any]:
    """The parameters of SEEN and SILENT."""
    kinds = device_types().values()
    return {
        "now": now,
        "online": metrics()["online"].id,
        "battery": metrics()["battery"].id,
        "types": [kind.code for kind in kinds],
        "quiet": [kind.silent_after for kind in kinds],
    }


def visible(me: Caller) -> tuple[str, dict[str, Any]]:
    """The condition that leaves the devices `me` may see, and its parameters."""
    if me.is_vendor:
        return "d.vendor_id = %(own_vendor)s", {"own_vendor": me.vendor_id}
    return "ar.path <@ %(scope)s::ltree", {"scope": me.scope}


def like(text: str) -> str:
    """A LIKE pattern for what contains `text` literally."""
    escaped = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


def list_devices(conn: Connection, me: Caller, wanted: DeviceQuery, now: datetime) -> DevicePage:
    """One page of the devices in service, by id."""
    condition, values = visible(me)
    conditions = [condition, "d.retired_at IS NULL"]
    values |= {**seen_values(now), **wanted.model_dump(), "limit": wanted.limit + 1}
    if wanted.silent is not None:
        conditions.append(f"{SILENT} = %(silent)s")
    if wanted.battery_below is not None:
        conditions.append("seen.battery < %(battery_below)s")
    if wanted.noted is not None:
        conditions.append("EXISTS (SELECT FROM device_note n WHERE n.device_id = d.id) = %(noted)s")
    if wanted.type is not None:
        conditions.append("d.type = %(type)s")
    if wanted.q:
        fields = ["d.serial"] if me.is_vendor else ["d.serial", "h.code", "h.address"]
        conditions.append(f"({' OR '.join(f'{field} ILIKE %(pattern)s' for field in fields)})")
        values["pattern"] = like(wanted.q)
    if wanted.cursor:
        (values["after"],) = cursors.decode(wanted.cursor, int)
        conditions.append("d.id > %(after)s")
    found = rows(
        conn, f"SELECT {COLUMNS} FROM {TABLES} WHERE {' AND '.join(conditions)} ORDER BY d.id LIMIT %(limit)s", values
    )
    items = [Device.model_validate(device_parts(row, placed=not me.is_vendor)) for row in found[: wanted.limit]]
    return DevicePage(items=items, next_cursor=cursors.encode(items[-1].id) if len(found) > wanted.limit else None)


def get_device(conn: Connection, me: Caller, device_id: int, now: datetime) -> DeviceDetail | None:
    """One device with its latest values; None when the caller may not know it."""
    condition, values = visible(me)
    found = details(conn, f"d.id = %(device)s AND {condition}", {**values, "device": device_id}, now, not me.is_vendor)
    return found[0] if found else None


def of_home(conn: Connection, home_id: int, now: datetime) -> list[DeviceDetail]:
    """The devices in service in a home the caller may see."""
    return details(conn, "d.home_id = %(home)s AND d.retired_at IS NULL", {"home": home_id}, now, placed=True)


def details(
    conn: Connection, condition: str, values: dict[str, Any], now: datetime, placed: bool
) -> list[DeviceDetail]:
    """Devices under a condition, with their latest values."""
    found = rows(
        conn, f"SELECT {COLUMNS} FROM {TABLES} WHERE {condition} ORDER BY d.id", {**values, **seen_values(now)}
    )
    latest: dict[int, list[Latest]] = {row["id"]: [] for row in found}
    known = [metric.id for metric in metrics().values()]
    for row in rows(
        conn,
        LATEST,
        (list(latest), known),
    ):
        latest[row["device_id"]].append(Latest.of(row))
    return [
        DeviceDetail.model_validate({**device_parts(row, placed=placed), "latest": latest[row["id"]]}) for row in found
    ]
