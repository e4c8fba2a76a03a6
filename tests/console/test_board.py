"""What duty operators see and do, in a real browser against the whole running system."""

import itertools
import time

import pytest
from playwright.sync_api import expect

from tests.console.conftest import open_console

HOMES = itertools.count()
# The second operator's click reaches the server a moment after the first one's.
SLOW_POSTS = """window.fetch = ((real) => (url, options) => options?.method === 'POST'
  ? new Promise((go) => setTimeout(() => go(real(url, options)), 1500)) : real(url, options))(window.fetch)"""


@pytest.fixture
def home():
    """A home nobody has used yet."""
    return next(HOMES)


def row(page, home, rule="sos"):
    """Its line in the strip or its row in the list."""
    return page.locator(f"[data-rule={rule}]", has_text=f"测试村{home + 1}号").first


def test_an_sos_is_on_the_board_in_under_a_second_and_so_is_its_acknowledgement_in_another_tab(
    desk, first, second, home
):
    begin = time.monotonic()
    desk.say(home, "sos_button", "event", sos=1)
    expect(row(first, home)).to_be_visible(timeout=1000)
    assert time.monotonic() - begin < 1
    expect(row(second, home)).to_be_visible(timeout=1000)
    row(first, home).get_by_role("button", name="接警").click()
    expect(row(second, home)).to_contain_text("已接警测试·op1", timeout=1000)


def test_the_second_claim_is_told_who_was_first(desk, first, second, home, browser):
    desk.say(home, "sos_button", "event", sos=1)
    row(first, home).locator(".title").click()
    first.wait_for_selector("[data-do=acknowledge]")
    button = row(second, home).get_by_role("button", name="接警")
    expect(button).to_be_visible()
    second.evaluate(SLOW_POSTS)
    button.click()
    first.click("[data-do=acknowledge]")
    expect(second.locator("[data-line=refused]")).to_contain_text("测试·op1", timeout=5000)


def test_an_alert_is_taken_to_its_end_on_its_page_with_every_step_on_record(desk, first, home):
    desk.say(home, "climate_sensor", "telemetry", temperature=19, humidity=50)
    desk.say(home, "smoke_detector", "event", smoke=1)
    row(first, home, "fire").locator(".title").click()
    first.click("[data-do=acknowledge]")
    expect(first.locator("[data-state]")).to_have_text("已接警")
    first.fill("[name=note]", "网格员出发")
    first.wait_for_selector("html:not([data-settling])")
    first.click("[data-do=dispatch]")
    expect(first.locator("[data-state]")).to_have_text("已派人")
    first.wait_for_selector("html:not([data-settling])")
    first.check("[name=disposition][value=false_alarm]")
    first.click("[data-do=resolve]")
    expect(first.locator("[data-state]")).to_have_text("已办结")
    for step in ("报警", "接警", "派人", "网格员出发", "办结"):
        expect(first.locator(".events")).to_contain_text(step)
    first.wait_for_selector("html:not([data-settling])")
    first.locator("a[href^='/homes/']").last.click()
    expect(first.locator("[data-past]")).to_contain_text("误报")
    first.go_back()
    expect(first.locator("[data-state]")).to_have_text("已办结")
    expect(first.locator(".phone").first).to_be_visible()
    expect(first.locator("[data-when] li")).to_have_count(1)
    first.click("[data-rule-text] summary")
    expect(first.locator("[data-rule-text]")).to_contain_text("EN 14604")


def test_the_keyboard_alone_acknowledges(desk, first, home):
    desk.say(home, "sos_button", "event", sos=1)
    expect(row(first, home)).to_be_visible()
    first.fill("[data-search]", f"测试村{home + 1}号")
    first.keyboard.press("Escape")
    first.keyboard.press("j")
    first.keyboard.press("a")
    expect(row(first, home)).to_contain_text("已接警")


@pytest.mark.parametrize("path", ["/", "/homes", "/devices"])
def test_nothing_is_wider_than_a_phone(desk, first, home, path):
    desk.say(home, "sos_button", "event", sos=1)
    expect(row(first, home)).to_be_visible()
    first.set_viewport_size({"width": 390, "height": 844})
    first.goto(f"{desk.site.address}{path}")
    first.wait_for_selector("[data-live]")
    first.wait_for_timeout(500)
    assert first.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_vendor_sees_its_refused_messages_with_reasons_and_no_homes(desk, browser, home):
    desk.say(home, "climate_sensor", "telemetry", temperature=900)
    with browser.new_context(locale="zh-CN") as context:
        page = open_console(context, desk, "vendor-acme")
        page.get_by_role("link", name="被拒消息").click()
        expect(page.locator("[data-letter]").first).to_contain_text("temperature: 900 is outside", timeout=5000)
        expect(page.locator("[data-meaning]").first).to_contain_text("数值超出可能的范围")
        expect(page.get_by_role("link", name="值班台")).to_be_hidden()
        page.goto(f"{desk.site.address}/homes")
        page.wait_for_url("**/devices")


def test_a_homes_page_shows_its_devices_and_its_day(desk, first, home):
    desk.say(home, "climate_sensor", "telemetry", temperature=19.5, humidity=50)
    first.get_by_role("link", name="住户").click()
    first.fill("[data-search]", f"测试村{home + 1}号")
    first.locator("table a", has_text="测试·老人").first.click()
    expect(first.locator("table")).to_contain_text("温湿度传感器")
