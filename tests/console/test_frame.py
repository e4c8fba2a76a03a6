"""The frame around every page: whether what is shown is true, and what is wrong, in a place that pushes nothing."""

import itertools
import time

import pytest
from playwright.sync_api import expect

from tests.console.conftest import open_console, sos_of
from tests.console.hearing import LISTEN
from tests.faults.proxy import Proxy
from tests.waiting import eventually

HOMES = itertools.count(8)


@pytest.fixture
def home():
    """A home that no other test here uses."""
    return next(HOMES)


@pytest.fixture
def line(desk):
    """A line between browser and server that can be stalled."""
    proxy = Proxy(desk.site.api_port)
    yield proxy
    proxy.close()


def test_a_silently_dead_stream_is_seen_within_15_s_and_nothing_is_missed(desk, browser, line, home):
    with browser.new_context(locale="zh-CN") as context:
        page = open_console(context, desk, "op1", f"http://127.0.0.1:{line.port}")
        page.wait_for_selector("[data-live]")
        line.stalled = True  # no bytes, and no end either
        begin = time.monotonic()
        desk.say(home, "sos_button", "event", sos=1)
        expect(page.locator("[data-lost]")).to_be_visible(timeout=15_000)
        seen = time.monotonic() - begin
        expect(page.locator("[data-live]")).to_have_count(0)  # one truth
        expect(page.locator("[data-not-live]")).to_have_text("○ 未连接")
        assert page.title().startswith("(!)")
        line.stalled = False
        expect(page.locator("[data-live]")).to_be_visible(timeout=10_000)
        expect(page.locator("[data-lost]")).to_have_count(0)
        expect(sos_of(page, home)).to_be_visible(timeout=2000)
        assert seen < 15
        print(f"a silent stream was seen after {seen:.1f} s")


def test_a_lost_connection_is_unmistakable_and_nothing_is_missed_meanwhile(desk, browser, home):
    with browser.new_context(locale="zh-CN") as context:
        context.add_init_script(LISTEN)
        page = open_console(context, desk, "op1")
        page.wait_for_selector("[data-live]")
        page.clock.install()
        desk.programs["api"].kill()
        expect(page.locator("[data-lost]")).to_be_visible(timeout=10000)
        page.clock.fast_forward(16_000)
        eventually(
            lambda: page.evaluate("played.some((one) => one.loop)"), 5
        )  # a desk that hears nothing says so aloud
        desk.say(home, "sos_button", "event", sos=1)
        desk.programs["api"].start()
        desk.site.wait_for_api(desk.programs["api"])
        expect(page.locator("[data-lost]")).to_be_hidden(timeout=20000)
        expect(sos_of(page, home)).to_be_visible(timeout=10000)


def test_a_stopped_engine_is_shown_to_the_operator_without_moving_the_page(desk, first):
    before = first.locator("main").bounding_box()
    desk.programs["engine"].stop()
    try:
        expect(first.locator(".banner.warn")).to_be_visible(timeout=40000)
        assert first.locator("main").bounding_box() == before
        first.locator("[data-notices-button]").click()
        assert first.locator("main").bounding_box() == before
        expect(first.locator("[data-notices] li")).not_to_have_count(0)
        first.keyboard.press("Escape")
        expect(first.locator("[data-notices]")).to_have_count(0)
    finally:
        desk.programs["engine"].start()
    expect(first.locator(".banner.warn")).to_be_hidden(timeout=40000)


def test_the_self_check_is_shown_and_says_when_it_does_not_come_back(desk, first):
    check = first.locator("[data-canary]")
    expect(check).to_contain_text("自检 0.", timeout=15000)
    desk.programs["canary"].stop()
    try:
        expect(check).to_contain_text("自检未返回", timeout=30000)
    finally:
        desk.programs["canary"].start()
    expect(check).to_contain_text("自检 0.", timeout=30000)


def test_english_is_one_click_away_and_stays(desk, first):
    first.click("[data-language]")
    expect(first.get_by_role("link", name="Homes")).to_be_visible()
    assert first.evaluate("document.documentElement.lang") == "en"
    first.reload()
    first.wait_for_selector("[data-live]")
    assert first.evaluate("document.documentElement.lang") == "en"
    assert first.title().endswith("Board · Shouwang")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [(390, 844), (683, 384)], ids=["phone", "1366 at 200 %"])
def test_the_header_of_a_small_screen_leaves_room_for_the_alerts(desk, standing, first, size, language):
    first.set_viewport_size({"width": size[0], "height": size[1]})
    first.evaluate(f"localStorage.setItem('language', '{language}')")
    first.reload()
    first.wait_for_selector("[data-live]")
    assert first.locator("header").bounding_box()["height"] <= 90
    assert first.evaluate("document.documentElement.scrollWidth") <= size[0]
    for shown in ("[data-counts]", "[data-live]", "[data-notice=sound]", "[data-menu]"):
        box = first.locator(shown).bounding_box()
        assert box["x"] >= 0, shown
        assert box["x"] + box["width"] <= size[0], shown
    first.click("[data-menu]")
    first.locator("#menu a[href='/homes']").click()
    first.wait_for_url("**/homes")
    expect(first.locator("#menu")).to_have_count(0)


def test_the_header_is_one_line_in_english_at_1280(desk, standing, first):
    first.set_viewport_size({"width": 1280, "height": 720})
    first.evaluate("localStorage.setItem('language', 'en')")
    first.reload()
    first.wait_for_selector("[data-live]")
    bar = first.locator("header .bar")
    expect(bar.locator("[data-count]:visible")).to_have_count(5)
    assert bar.evaluate("(bar) => bar.scrollWidth <= bar.clientWidth")
    middles = bar.evaluate(
        "(bar) => [...bar.querySelectorAll('a, button')].map((one) => one.getBoundingClientRect())"
        ".map((box) => Math.round((box.top + box.bottom) / 2))"
    )
    assert max(middles) - min(middles) <= 2
