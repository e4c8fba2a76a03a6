"""A home with a life in it: two residents, what hangs there, and what it measured since yesterday."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
from playwright.sync_api import Browser, BrowserContext, Page

from core.catalogue import metrics
from tests.console.conftest import Desk, open_console

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
    """Two days: quantities every quarter of an hour, a bed, movement, and an SOS at the end of yesterday."""
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
    midnight = now.astimezone(ZoneInfo("Asia/Shanghai")).replace(hour=0, minute=0, second=0)
    for at in (midnight - timedelta(seconds=30), now - timedelta(minutes=2)):  # the test may run past midnight
        put(conn, house.devices["sos_button"], "sos", at, 1)


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


ALERT = """
    INSERT INTO alert (home_id, device_id, rule, severity, occurred_at, opened_at, last_at, evidence, late, asks_since,
        last_value, peak_value, episode_at)
    VALUES (%(home)s, %(device)s, %(rule)s, %(severity)s, now() - %(ago)s * interval '1 second', now(), now(),
        %(evidence)s, %(late)s, now(), %(last)s, %(peak)s, now())
    RETURNING id
"""
CLOSE = """
    UPDATE alert SET state = 'resolved', resolved_at = now(), disposition = 'test', asks_since = NULL
    WHERE home_id = %s AND state <> 'resolved'
"""
GAS = {
    "text_zh": "燃气报警器测得可燃气体 10 %LEL，报警值 10", "text_en": "The gas detector measures 10 %LEL",
    "metric": "gas", "unit": "%LEL", "value": 10, "limit": 10,
}  # fmt: skip
SOS = {"text_zh": "按下了紧急呼叫", "text_en": "The SOS button was pressed", "metric": "sos", "unit": "", "value": 1}


def alarm(
    owner_url: str, house: House, rule: str = "gas", *, ago: int = 0, late: bool = False,
    last: float | None = None, peak: float | None = None,
) -> int:  # fmt: skip
    """The only open alert of the house, as an engine would have written it."""
    evidence, kind = (SOS, "sos_button") if rule == "sos" else (GAS, "gas_detector")
    row = {
        "home": house.home, "device": house.devices[kind], "rule": rule, "severity": "emergency", "ago": ago,
        "evidence": json.dumps(evidence), "late": late, "last": last, "peak": peak,
    }  # fmt: skip
    with psycopg.connect(owner_url) as conn:
        conn.execute(CLOSE, (house.home,))
        found = conn.execute(ALERT, row).fetchone()
        assert found is not None
        step(conn, found[0], "opened")
    return int(found[0])


def step(conn: psycopg.Connection, alert: int, kind: str) -> None:
    """One more line of an alert's history, which the stream brings."""
    conn.execute("INSERT INTO alert_event (alert_id, at, kind, data) VALUES (%s, now(), %s, '{}')", (alert, kind))


def seated(browser: Browser, desk: Desk, username: str) -> Iterator[BrowserContext]:
    """An operator who logs in once for many tests."""
    with browser.new_context(locale="zh-CN") as context:
        page = open_console(context, desk, username)
        page.wait_for_selector("[data-live]")
        page.close()
        yield context


def fresh(context: BrowserContext) -> Iterator[Page]:
    """A page of theirs on which nothing is left of the test before."""
    page = context.new_page()
    yield page
    page.evaluate("localStorage.clear()")
    page.close()
