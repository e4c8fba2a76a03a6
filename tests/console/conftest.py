"""A whole site of real processes, and two operators at real browsers."""

import json
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, sync_playwright

from deploy.local.programs import Program
from deploy.local.site import Site
from registry import canary_store
from tests.console.standing import HOME, put_all
from tests.faults.harness import eventually
from tests.ports import a_port
from tests.registry import PASSWORD, Registry, seed

CONSOLE = Path(__file__).parents[2] / "console"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


class Desk:
    """The site as the tests use it."""

    def __init__(self, site: Site, registry: Registry, programs: dict[str, Program]) -> None:
        self.site = site
        self.registry = registry
        self.programs = programs
        self.vendor = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self.vendor.username_pw_set("acme", site.secrets.vendors["acme"])

    def say(self, home: int, type_code: str, kind: str, **values: float) -> None:
        """A device of the home publishes values."""
        _, serial = self.registry.device(home, type_code)
        payload = json.dumps({"ts": int(time.time() * 1000), "values": values})
        self.vendor.publish(f"sw/v1/acme/{serial}/{kind}", payload, qos=1).wait_for_publish(10)


@pytest.fixture(scope="session")
def built() -> None:
    """The console, built if it is not there."""
    if not (CONSOLE.parent / "api/static/index.html").exists():
        subprocess.run(["npm", "--prefix", str(CONSOLE), "ci", "--no-audit", "--no-fund"], check=True)
        subprocess.run(["npm", "--prefix", str(CONSOLE), "run", "build"], check=True)


@pytest.fixture(scope="session")
def desk(root, built, tmp_path_factory) -> Iterator[Desk]:
    """Database, broker, ingest, engine and API with twenty-four homes."""
    name = f"console-{os.getpid()}-{secrets.token_hex(3)}"
    logs = tmp_path_factory.mktemp("logs")
    site = Site(root, name, ["acme", "beta"], logs, ports=(a_port(), a_port(), a_port()), shared_buffers="128MB")
    site.start_services()
    types = ("sos_button", "climate_sensor", "smoke_detector", "blood_pressure_monitor")
    registry = seed(site.owner_url, homes=24, types=types)
    with psycopg.connect(site.owner_url) as conn:
        canary_store.install(conn)
    programs = {name: site.program(name) for name in ("ingest", "engine", "api", "canary")}
    running = Desk(site, registry, programs)
    try:
        for program in programs.values():
            program.start()
        site.wait_for_api(programs["api"])
        eventually(lambda: "connected" in programs["ingest"].tail())
        running.vendor.connect("127.0.0.1", site.broker.port)
        running.vendor.loop_start()
        yield running
    finally:
        running.vendor.disconnect()
        running.vendor.loop_stop()
        for program in reversed(programs.values()):
            program.stop()
        site.stop_services()
        site.delete()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """What drives browsers."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def browser(playwright) -> Iterator[Browser]:
    """Debian's Chromium."""
    chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
    yield chromium
    chromium.close()


def open_console(context: BrowserContext, desk: Desk, username: str, address: str = "") -> Page:
    """A page on which `username` has logged in, by another address where there is a proxy between."""
    page = context.new_page()
    page.goto(address or desk.site.address)
    page.fill("[name=username]", username)
    page.fill("[name=password]", PASSWORD)
    page.click("button[type=submit]")
    return page


def sos_of(page: Page, home: int) -> Locator:
    """The SOS of a home on the board, in the strip or in the list."""
    return page.locator("[data-rule=sos]", has_text=f"测试村{home + 1}号").first


def answer(page: Page, home: int) -> None:
    """Claim the SOS of a home, when what is new has stood still for a moment and takes clicks."""
    sos_of(page, home).wait_for()
    page.wait_for_timeout(700)
    sos_of(page, home).get_by_role("button", name="接警").click()
    page.wait_for_timeout(700)


@pytest.fixture
def first(browser, desk) -> Iterator[Page]:
    """The first operator's board, live."""
    with browser.new_context(locale="zh-CN") as context:
        page = open_console(context, desk, "op1")
        page.wait_for_selector("[data-live]")
        yield page


@pytest.fixture
def second(browser, desk) -> Iterator[Page]:
    """The second operator's board, live."""
    with browser.new_context(locale="zh-CN") as context:
        page = open_console(context, desk, "op2")
        page.wait_for_selector("[data-live]")
        yield page


@pytest.fixture(scope="module")
def standing(desk) -> dict[str, int]:
    """An alert of every severity and state in one home, by rule; and a message that was refused."""
    _, serial = desk.registry.device(HOME, "climate_sensor")
    desk.vendor.publish(f"sw/v1/acme/{serial}/telemetry", '{"values": {"temperature": 900}}', qos=1)
    return put_all(desk.site, desk.registry)
