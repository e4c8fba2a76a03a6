"""What a first visit costs over the wire, and how soon the board can be used: a cold cache, counted by the browser."""

from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from core.catalogue import metrics
from tests.console.conftest import Desk
from tests.registry import PASSWORD

BOARD, ALERT = 150_000, 250_000  # bytes
USABLE = 1.0  # seconds of the page's own processor time: what the clock says depends on what else the machine does
READINGS = """
    INSERT INTO reading (ts, device_id, metric, value)
    SELECT now() - n * interval '3 minutes', %s, %s, 20 + n %% 7 FROM generate_series(0, 120) n
    ON CONFLICT DO NOTHING"""
ALERTS = """
    INSERT INTO alert (home_id, device_id, rule, severity, state, occurred_at, opened_at, acknowledged_at, last_at,
        evidence)
    SELECT %s, %s, 'room_temperature', 'attention', 'acknowledged', now(), now(), now(), now(),
        '{"metric": "temperature", "unit": "°C", "value": 36, "limit": 35, "text_zh": "室温 36 ℃，不低于 35 ℃",
          "text_en": "Room temperature 36 °C"}' RETURNING id"""


OVER = "UPDATE alert SET state = 'resolved', resolved_at = now(), disposition = 'test' WHERE state <> 'resolved'"


@pytest.fixture(scope="module")
def alerts(desk) -> Iterator[list[int]]:
    """One alert in each home, answered so that nothing rings, with a curve behind it."""
    found = []
    with psycopg.connect(desk.site.owner_url) as conn:
        conn.execute(OVER)  # what other tests left open would come over the wire too
        for number, home in enumerate(desk.registry.homes):
            device, _ = desk.registry.device(number, "climate_sensor")
            conn.execute(READINGS, (device, metrics()["temperature"].id))
            found += [row[0] for row in conn.execute(ALERTS, (home, device))]
        conn.execute("INSERT INTO alert_event (alert_id, at, kind) SELECT unnest(%s), now(), 'opened'", (found,))
    yield found
    with psycopg.connect(desk.site.owner_url) as conn:
        conn.execute(
            "UPDATE alert SET state = 'resolved', resolved_at = now(), disposition = 'test' WHERE id = ANY(%s)",
            (found,),
        )


@pytest.fixture
def cold(browser: Browser, desk: Desk) -> Iterator[BrowserContext]:
    """A browser that has a session and nothing else."""
    with browser.new_context(locale="zh-CN", base_url=desk.site.address) as context:
        answer = context.request.post("/api/v1/login", data={"username": "op1", "password": PASSWORD})
        assert answer.ok
        yield context


class Wire:
    """Counts what comes, headers and the live stream with it."""

    def __init__(self, page: Page) -> None:
        self.bytes: dict[str, float] = {}
        self._urls: dict[str, str] = {}
        tools = page.context.new_cdp_session(page)
        tools.send("Network.enable")
        tools.on(
            "Network.requestWillBeSent", lambda told: self._urls.update({told["requestId"]: told["request"]["url"]})
        )
        tools.on("Network.dataReceived", lambda told: self._add(told, add=True))  # a stream has no end
        tools.on("Network.loadingFinished", lambda told: self._add(told, add=False))

    def _add(self, told: dict, *, add: bool) -> None:
        url = self._urls[told["requestId"]]
        self.bytes[url] = told["encodedDataLength"] + (self.bytes.get(url, 0) if add else 0)

    def total(self) -> int:
        """All so far."""
        return int(sum(self.bytes.values()))


def visited(context: BrowserContext, path: str, usable: str) -> tuple[float, Wire]:
    """Seconds the page worked until something can be used, and what had come when all was quiet."""
    page = context.new_page()
    tools = context.new_cdp_session(page)
    tools.send("Performance.enable", {"timeDomain": "threadTicks"})
    wire = Wire(page)
    page.goto(path, wait_until="commit")
    ready = page.wait_for_function("what => document.querySelector(what) && performance.now()", arg=usable)
    metrics = {one["name"]: one["value"] for one in tools.send("Performance.getMetrics")["metrics"]}
    page.wait_for_timeout(500)  # what is loaded afterwards
    print(
        f"{path}: {wire.total()} bytes, {ready.json_value() / 1000:.2f} s by the clock, {metrics['TaskDuration']:.2f} s"
    )
    return metrics["TaskDuration"], wire


def test_a_first_board_is_small_and_soon_there(cold, alerts):
    seconds, wire = visited(cold, "/", "body:has([data-live]) [data-alert]")
    assert wire.total() <= BOARD, wire.bytes
    assert seconds <= USABLE


def test_a_first_alert_page_with_its_curve_is_small(cold, alerts):
    _, wire = visited(cold, f"/alerts/{alerts[0]}", "canvas, [data-chart] svg")
    assert wire.total() <= ALERT, wire.bytes
