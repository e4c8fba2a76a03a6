"""A small registry for tests: homes, people, devices and accounts, written as the schema's owner."""

from dataclasses import dataclass, field

import psycopg
from argon2 import PasswordHasher

from core.catalogue import device_types

PASSWORD = "correct horse"
HASH = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
TYPES = tuple(code for code, kind in device_types().items() if kind.simulated)  # what hangs in a home
AREAS = [("qu", "测试区"), ("qu.zhen", "测试镇"), ("qu.zhen.cun", "测试村"), ("qu.zhen.cun.wangge", "测试网格")]


@dataclass
class Registry:
    """What `seed` made."""

    homes: list[int] = field(default_factory=list)
    devices: dict[tuple[int, str], tuple[int, str]] = field(default_factory=dict)
    vendors: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, int] = field(default_factory=dict)

    def device(self, home: int, type_code: str) -> tuple[int, str]:
        """(id, serial) of the device of that type in home number `home`, counted from 0."""
        return self.devices[home, type_code]


def seed(owner_url: str, homes: int = 3, types: tuple[str, ...] | None = None, chief: str = "chief") -> Registry:
    """Fill an empty database: one grid, two vendors, `homes` homes with one device of each type that hangs in homes.

    The role of a chief was `admin` before migration 0016.
    """
    registry = Registry()
    with psycopg.connect(owner_url) as conn:
        for path, name in AREAS:
            area = _id(conn, "INSERT INTO area (path, name) VALUES (%s, %s) RETURNING id", path, name)
        for code, payload_format in (("acme", "flat"), ("beta", "senml")):
            registry.vendors[code] = _id(
                conn, "INSERT INTO vendor (code, name, format) VALUES (%s, %s, %s) RETURNING id",
                code, f"{code} 测试厂", payload_format,
            )  # fmt: skip
        for number in range(homes):
            registry.homes.append(_home(conn, registry, area, number, types or TYPES))
        _accounts(conn, registry, chief)
        found = "SELECT FROM pg_attribute WHERE attrelid = 'device'::regclass AND attname = 'room_kind'"
        if conn.execute(found).rowcount:
            conn.execute("UPDATE device SET room_kind = 'bedroom'")  # migration 0018
    return registry


def _home(conn: psycopg.Connection, registry: Registry, area: int, number: int, types: tuple[str, ...]) -> int:
    home = _id(
        conn, "INSERT INTO home (code, area_id, address) VALUES (%s, %s, %s) RETURNING id",
        f"H{number:04}", area, f"测试村{number + 1}号",
    )  # fmt: skip
    conn.execute(
        "INSERT INTO person (home_id, name, born, sex) VALUES (%s, %s, '1940-05-01', 'female')",
        (home, f"测试·老人{number + 1}"),
    )
    for position, role in enumerate(("委托照料人", "网格员"), start=1):
        conn.execute(
            "INSERT INTO contact (home_id, position, name, role, phone) VALUES (%s, %s, %s, %s, %s)",
            (home, position, f"测试·联系人{position}", role, f"000-0000-{number:02}{position:02}"),
        )
    for type_code in types:
        serial = f"{type_code}-{number}"
        device = _id(
            conn,
            "INSERT INTO device (vendor_id, serial, type, home_id, room, installed_at)"
            " VALUES (%s, %s, %s, %s, '卧室', now() - interval '30 days') RETURNING id",
            registry.vendors["acme"], serial, type_code, home,
        )  # fmt: skip
        registry.devices[number, type_code] = (device, serial)
    return home


def _accounts(conn: psycopg.Connection, registry: Registry, chief: str) -> None:
    for username, role, area, vendor in (
        ("op1", "operator", "qu", None), ("op2", "operator", "qu", None), ("chief", chief, "qu", None),
        *([("registrar", "registrar", "qu", None)] if chief == "chief" else []),  # migration 0016
        ("vendor-acme", "vendor", None, registry.vendors["acme"]),
    ):  # fmt: skip
        registry.accounts[username] = _id(
            conn,
            "INSERT INTO account (username, name, password_hash, role, area, vendor_id)"
            " VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
            username, f"测试·{username}", HASH, role, area, vendor,
        )  # fmt: skip


def _id(conn: psycopg.Connection, statement: str, *values: object) -> int:
    row = conn.execute(statement, values).fetchone()
    assert row is not None
    return int(row[0])
