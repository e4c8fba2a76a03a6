"""The page of a home, in a real browser: who lives there, how their day went, what the devices say and said."""

import re
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.console.house import NOTE, fresh, furnish, put, seated
from tests.console.test_reading_aloud import look

NARROW, WIDE = {"width": 390, "height": 844}, {"width": 1366, "height": 768}
OVERLAPS = """spans => spans.map((span) => span.getBoundingClientRect()).filter((box) => box.width)
  .some((box, index, all) => index && box.left < all[index - 1].right)"""


@pytest.fixture(scope="module")
def one(browser, desk):
    """Where the first operator has logged in."""
    yield from seated(browser, desk, "op1")


@pytest.fixture
def first(one):
    """The first operator's page."""
    yield from fresh(one)


@pytest.fixture(scope="module")
def house(desk):
    """A home in which something goes on."""
    return furnish(desk.site.owner_url, 7)


@pytest.fixture
def page(desk, house, first) -> Page:
    """Its page."""
    first.goto(f"{desk.site.address}/homes/{house.home}")
    expect(first.locator("[data-people]")).to_be_visible()
    return first


def row(page: Page, kind: str):
    return page.locator("[data-devices] tbody tr", has_text=kind)


def test_all_who_live_there_are_named_with_their_notes_and_whom_to_call(page):
    people = page.locator("[data-people]")
    expect(people).to_contain_text("测试·赵奶奶")
    expect(people).to_contain_text("测试·钱爷爷")
    expect(people.locator("[data-note]")).to_contain_text(NOTE)
    expect(page.locator("a[href='tel:000-1234-0701']")).to_be_visible()


def test_a_device_tells_when_its_battery_was_changed(desk, house, page):
    with psycopg.connect(desk.site.owner_url) as conn:
        conn.execute(
            "INSERT INTO device_battery (device_id, changed_at, before, after) VALUES"
            " (%(one)s, '2026-03-01 02:00Z', 8, 100), (%(one)s, '2025-09-01 02:00Z', NULL, NULL)",
            {"one": house.devices["motion_sensor"]},
        )
    page.reload()
    expect(row(page, "人体红外传感器").locator("[data-battery]")).to_contain_text("03/01 10:00")
    row(page, "人体红外传感器").get_by_role("button", name="历史").click()
    batteries = page.locator("[data-batteries] li")
    expect(batteries).to_have_count(2)
    expect(batteries.first).to_contain_text("8 % → 100 %")
    expect(batteries.last).to_contain_text("此前报电量低")


def test_an_event_is_no_state_but_a_time(page):
    cell = row(page, "紧急呼叫按钮").locator(".values")
    expect(cell).to_contain_text("最近一次")
    expect(cell).not_to_contain_text("是")


def test_values_are_read_again_while_one_looks(desk, house, page):
    with psycopg.connect(desk.site.owner_url) as conn:
        put(conn, house.devices["wristband"], "heart_rate", datetime.now(UTC), 133)
    expect(row(page, "健康手环")).to_contain_text("133", timeout=12000)


def test_a_home_or_an_alert_that_is_not_there_says_so_with_a_way_back(desk, first):
    for path, way in (("homes/999999", "/homes"), ("homes/99999999999999999999", "/homes"), ("alerts/999999", "/")):
        first.goto(f"{desk.site.address}/{path}")
        missing = first.locator("[data-missing]")
        expect(missing).to_be_visible()
        expect(missing.get_by_role("link")).to_have_attribute("href", way)


def test_one_turns_to_the_day_before_and_back_but_not_into_the_future(page):
    date, after = page.locator("[name=date]"), page.locator("[data-turn='1']")
    today = date.input_value()
    expect(after).to_be_disabled()
    page.click("[data-turn='-1']")
    yesterday = (datetime.fromisoformat(today) - timedelta(days=1)).date().isoformat()
    expect(date).to_have_value(yesterday)
    expect(page.locator("[data-lanes] li", has_text="紧急呼叫")).to_be_visible()
    after.click()
    expect(date).to_have_value(today)


def test_a_day_has_lanes_and_a_curve_for_each_quantity_with_its_words_and_figures(page):
    page.click("[data-turn='-1']")
    lanes = page.locator("[data-lanes]")
    expect(lanes.locator("li", has_text="在床")).to_contain_text("次，共")
    for metric, unit in (("heart_rate", "次/分"), ("spo2", "%"), ("temperature", "°C"), ("water_volume", "L")):
        curve = page.locator(f"[data-curve={metric}]")
        expect(curve.locator("canvas")).to_be_visible()
        expect(curve.get_by_role("img")).to_have_attribute("aria-label", re.compile(re.escape(unit)))
    pulse = page.locator("[data-curve=heart_rate]")
    assert float(pulse.get_attribute("data-min")) <= 50
    assert 110 <= float(pulse.get_attribute("data-max")) <= 150
    expect(page.locator("[data-curve=water_volume]")).to_contain_text("共")
    pulse.locator("canvas").hover()
    expect(pulse.locator("[data-reading]")).to_contain_text("次/分")
    expect(page.locator("[data-curve=temperature] [data-reading]")).to_contain_text("°C")  # the same moment there
    pulse.locator("summary").click()
    assert pulse.locator("tbody tr").count() > 50


def test_the_hours_of_a_day_do_not_run_into_each_other(page):
    page.click("[data-turn='-1']")
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        assert not page.locator(".hours span").evaluate_all(OVERLAPS)


def test_a_devices_past_is_one_click_from_its_row(page):
    page.get_by_role("button", name="健康手环 随身 的历史").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("[data-curve=heart_rate] canvas")).to_be_visible()
    page.wait_for_selector("html:not([data-settling])")
    dialog.locator("[name=metric]").select_option("spo2")
    dialog.get_by_label("7 天").check()
    expect(dialog.locator("[data-curve=spo2]")).to_contain_text("最低 94")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="健康手环 随身 的历史")).to_be_focused()


def test_a_change_of_theme_redraws_the_curves_in_its_colours(page):
    page.click("[data-turn='-1']")
    picture = page.locator("[data-curve=heart_rate] canvas")
    expect(picture).to_be_visible()
    before = picture.evaluate("canvas => canvas.toDataURL()")
    page.evaluate("document.documentElement.dataset.theme = 'light'")
    page.wait_for_function(
        "(old) => document.querySelector('[data-curve=heart_rate] canvas').toDataURL() !== old", arg=before
    )


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [NARROW, {"width": 683, "height": 384}])
def test_it_fits_small_screens_with_the_status_of_each_device_in_sight(page, language, size):
    page.evaluate("language => localStorage.setItem('language', language)", language)
    page.set_viewport_size(size)
    page.reload()
    expect(page.locator("[data-curves] canvas").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    for status in page.locator("[data-status]").all():
        box = status.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size["width"]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_in_curves_figures_and_a_devices_past(page, theme):
    page.click("[data-turn='-1']")
    expect(page.locator("[data-curve=gas] canvas")).to_be_visible()
    page.locator("[data-curve=heart_rate] summary").click()
    assert look(page, theme, "zh") == []
    page.get_by_role("button", name="健康手环 随身 的历史").click()
    expect(page.get_by_role("dialog").locator("canvas")).to_be_visible()
    assert look(page, theme, "zh") == []
