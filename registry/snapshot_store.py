"""SQL of the snapshots that ingest, judging and replay keep of the registry.

Large results come as a few long byte strings of fixed records, made by the server's own binary send functions.
"""

from collections.abc import Sequence

import psycopg
from psycopg import sql

from core import canary
from core.binary import Records, decode
from core.rooms import ROOMS
from core.snapshot import DEVICE, HOME, PERSON, DeviceRow, Registered, VendorRow

ATTRIBUTES = {
    name: sql.SQL("int2send(coalesce({}(p.{}), {})::smallint)").format(
        sql.SQL(attribute.of_two), sql.Identifier(name), attribute.unknown
    )
    for name, attribute in PERSON.items()
}
HOMES = sql.SQL(
    "SELECT string_agg(int4send(id) || said, ''::bytea) FROM ("
    "  SELECT h.id, {attributes} AS said FROM home h LEFT JOIN person p ON p.home_id = h.id"
    "  WHERE h.id %% %s = %s GROUP BY h.id) AS found GROUP BY id / 100000"
).format(attributes=sql.SQL(" || ").join(ATTRIBUTES.values()))


def registered(conn: psycopg.Connection) -> Registered:
    """Every vendor and device."""
    vendors = conn.execute("SELECT id, code, format FROM vendor").fetchall()
    devices = conn.execute(
        "SELECT v.code, d.serial, d.id, d.home_id, d.type, d.retired_at IS NOT NULL"
        " FROM device d JOIN vendor v ON v.id = d.vendor_id"
    ).fetchall()
    return Registered([VendorRow(*row) for row in vendors], [DeviceRow(*row) for row in devices])


def home_records(conn: psycopg.Connection, shards: int, shard: int) -> Records:
    """The shard's homes by id, HOME records."""
    with conn.cursor(binary=True) as cursor:
        found = decode((row[0] for row in cursor.execute(HOMES, (shards, shard))), HOME)
    return found[found["id"].argsort()]


def device_records(conn: psycopg.Connection, shards: int, shard: int, types: Sequence[str]) -> Records:
    """The shard's devices that hang in a home, DEVICE records; `type` is the place in `types`, `room` in ROOMS."""
    query = (
        "SELECT string_agg(int4send(id) || int4send(home_id)"
        "  || int2send((array_position(%s::text[], type) - 1)::smallint)"
        "  || int2send((array_position(%s::text[], room_kind) - 1)::smallint)"
        "  || timestamptz_send(installed_at), ''::bytea)"
        " FROM device WHERE retired_at IS NULL AND home_id %% %s = %s AND type = ANY(%s) GROUP BY id / 100000"
    )
    with conn.cursor(binary=True) as cursor:
        rooms = [str(room) for room in ROOMS]
        found = cursor.execute(query, (list(types), rooms, shards, shard, list(types)))
        return decode((row[0] for row in found), DEVICE)


def counts(conn: psycopg.Connection) -> tuple[int, int, int]:
    """(homes, devices in service, homes without anybody to call), without the self-check's own."""
    row = conn.execute(
        "SELECT (SELECT count(*) FROM home WHERE code <> %(home)s AND erased_at IS NULL),"
        " (SELECT count(*) FROM device WHERE retired_at IS NULL AND type <> %(type)s),"
        " (SELECT count(*) FROM home h WHERE code <> %(home)s AND erased_at IS NULL"
        "   AND NOT EXISTS (SELECT FROM contact c WHERE c.home_id = h.id))",
        {"home": canary.HOME, "type": canary.TYPE},
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), int(row[2])
