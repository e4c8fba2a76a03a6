"""A home with a life in it: two residents, what hangs there, and what it measured since yesterday."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import psycopg

from core.catalogue import metrics

ROOMS = {
    "wristband": "随身", "water_meter": "厨房", "motion_sensor": "客厅", "bed_sensor": "卧室", "climate_sensor": "卧室",
    "sos_button": "床头", "gas_detector": "厨房",
}  # fmt: skip
NOTE = "听力差，请打两遍；有一把钥匙在 302 室王师傅处"


@dataclass
class House:
    """What `furnish` made."""

    home: int
    devices: dict[str, int] = field(default_factory=dict)


def furnish(owner_url: str, number: int) -> House:
    """Home number `number` of the test's register gets a second resident, seven devices and two days of readings."""
    with psycopg.connect(owner_url) as conn:
        area = _one(conn, "SELECT area_id FROM home ORDER BY id LIMIT 1")
        vendor = _one(conn, "SELECT id FROM vendor WHERE code = 'acme'")
        home = _one(
            conn, "INSERT INTO home (code, area_id, address) VALUES (%s, %s, %s) RETURNING id",
            f"F{number:04}", area, f"幸福里小区 {number} 号楼 2 单元 501 室",
        )  # fmt: skip
        for name, born, sex, note in (
            ("测试·赵奶奶", "1941-03-02", "female", NOTE), ("测试·钱爷爷", "1938-11-20", "male", ""),
        ):  # fmt: skip
            conn.execute(
                "INSERT INTO person (home_id, name, born, sex, note) VALUES (%s, %s, %s, %s, %s)",
                (home, name, born, sex, note),
            )
        for position, (name, role) in enumerate((("测试·女儿", "女儿"), ("测试·网格员", "网格员")), start=1):
            conn.execute(
                "INSERT INTO contact (home_id, position, name, role, phone) VALUES (%s, %s, %s, %s, %s)",
                (home, position, name, role, f"000-1234-{number:02}{position:02}"),
            )
        house = House(home)
        for kind, room in ROOMS.items():
            house.devices[kind] = _one(
                conn, "INSERT INTO device (vendor_id, serial, type, home_id, room, installed_at)"
                " VALUES (%s, %s, %s, %s, %s, now() - interval '30 days') RETURNING id",
                vendor, f"{kind}-furnished-{number}", kind, home, room,
            )  # fmt: skip
        live(conn, house)
    return house


def live(conn: psycopg.Connection, house: House) -> None:
    """Two days: quantities every quarter of an hour, a bed, movement, and an SOS yesterday at noon."""
    now = datetime.now(UTC)
    for minutes in range(0, 2 * 24 * 60, 15):
        at, wave = now - timedelta(minutes=minutes), (minutes % 300) / 300
        for kind, metric, value in (
            ("wristband", "heart_rate", 62 + 25 * wave), ("wristband", "spo2", 97 - 3 * wave),
            ("climate_sensor", "temperature", 19.5 + 2 * wave), ("climate_sensor", "humidity", 50),
            ("water_meter", "water_volume", 4000 - minutes / 20), ("gas_detector", "gas", 1),
            ("motion_sensor", "motion", int(minutes % 120 < 30)), ("bed_sensor", "in_bed", int(minutes % 600 < 400)),
            ("wristband", "battery", 78),
        ):  # fmt: skip
            put(conn, house.devices[kind], metric, at, value)
    put(conn, house.devices["sos_button"], "sos", now - timedelta(hours=20), 1)


def put(conn: psycopg.Connection, device: int, metric: str, at: datetime, value: float) -> None:
    """One reading."""
    conn.execute(
        "INSERT INTO reading (ts, device_id, metric, value) VALUES (%s, %s, %s, %s)",
        (at, device, metrics()[metric].id, value),
    )


def _one(conn: psycopg.Connection, statement: str, *values: object) -> int:
    row = conn.execute(statement, values).fetchone()
    assert row is not None
    return int(row[0])
