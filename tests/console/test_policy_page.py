"""A home's own values are set in the console while everything runs: in bounds, with a reason, judged by at once."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from playwright.sync_api import expect

from tests.console.conftest import open_console
from tests.console.test_reading_aloud import look, speak
from tests.waiting import eventually

HOME = 9


@pytest.fixture
def chief(browser, desk):
    with browser.new_context(locale="zh-CN") as context:
        page = open_console(context, desk, "chief")
        page.wait_for_selector("[data-live]")
        page.goto(f"{desk.site.address}/homes/{desk.registry.homes[HOME]}/rules")
        page.wait_for_selector("[data-rule]")
        yield page
    with psycopg.connect(desk.site.owner_url, autocommit=True) as conn:
        conn.execute("DELETE FROM policy")


def value(page, rule, field):
    return page.locator(f"[data-rule={rule}] [data-field={field}]")


def fill(page, rule, field, number, reason, last=""):
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.wait_for_selector("html:not([data-settling])")
    value(page, rule, field).locator("[data-do=set]").click()
    page.wait_for_selector("html:not([data-settling])")
    page.fill("[name=value]", str(number))
    page.fill("[name=reason]", reason)
    if last:
        page.fill("[name=until]", last)
    page.click("[data-do=save]")


def day(days):
    return f"{datetime.now(ZoneInfo('Asia/Shanghai')) + timedelta(days=days):%Y-%m-%d}"


def test_a_chief_sets_a_value_and_the_next_tick_judges_by_it_and_the_alert_says_so(desk, chief):
    expect(value(chief, "room_temperature", "cold")).to_contain_text("16 °C")
    desk.say(HOME, "climate_sensor", "telemetry", temperature=18)
    fill(chief, "room_temperature", "clear_cold", 20, "卧床，怕冷")
    expect(value(chief, "room_temperature", "clear_cold")).to_contain_text("20 °C")
    fill(chief, "room_temperature", "cold", 19, "卧床，怕冷")
    row = value(chief, "room_temperature", "cold")
    expect(row).to_contain_text("19 °C")
    expect(row).to_contain_text("本户设定")
    expect(row).to_contain_text("卧床，怕冷")
    fill(chief, "room_temperature", "sustained_minutes", 0, "卧床，怕冷")
    home = desk.registry.homes[HOME]
    query = "SELECT id, evidence -> 'policy' FROM alert WHERE home_id = %s AND rule = %s AND evidence ? 'policy'"
    desk.say(HOME, "climate_sensor", "telemetry", temperature=18.5)
    with psycopg.connect(desk.site.owner_url, autocommit=True) as conn:
        ((alert, policy),) = eventually(lambda: conn.execute(query, (home, "room_temperature")).fetchall(), 10)
    assert policy == {"cold": 19, "clear_cold": 20, "sustained_minutes": 0}
    chief.goto(f"{desk.site.address}/alerts/{alert}")
    expect(chief.locator("[data-policy]")).to_contain_text("过冷 19 °C")
    chief.locator("[data-policy] a").click()
    row.locator("[data-do=end]").click()
    chief.wait_for_selector("html:not([data-settling])")
    chief.click("[data-do=confirm]")
    expect(row).to_contain_text("16 °C")
    expect(chief.locator("[data-past]").filter(has_text="过冷 19 °C")).to_contain_text("结束")


def test_out_of_bounds_is_refused_with_the_bound_and_nothing_is_lost(desk, chief):
    value(chief, "gas", "alarm_lel").locator("[data-do=set]").click()
    dialog = chief.get_by_role("dialog")
    expect(dialog).to_contain_text("3 至 10 %LEL（GB 15322.2-2019, EN 50194-1）")
    chief.wait_for_selector("html:not([data-settling])")
    chief.fill("[name=value]", "4")
    chief.fill("[name=reason]", "厨房小")
    chief.click("[data-do=save]")
    expect(dialog.get_by_role("alert")).to_contain_text("解除值（5）不能高于报警值（4）")
    expect(chief.locator("[name=reason]")).to_have_value("厨房小")
    assert chief.locator("[name=value]").get_attribute("max") == "10"
    expect(value(chief, "sos", "on")).to_have_count(0)


def test_what_is_quieter_must_end_and_stands_above_the_board(desk, chief):
    fill(chief, "not_back", "away_hours", 48, "接去女儿家")
    expect(chief.get_by_role("dialog")).to_contain_text("必须写明到哪天为止")
    assert chief.locator("[name=until]:invalid").count() == 1
    chief.fill("[name=until]", day(9))
    chief.click("[data-do=save]")
    expect(value(chief, "not_back", "away_hours")).to_contain_text("48 小时")
    expect(chief.locator("[data-quieter-count]")).to_have_text("规则放宽 1")


def test_an_operator_reads_and_sets_nothing(desk, first):
    first.goto(f"{desk.site.address}/homes/{desk.registry.homes[HOME]}")
    first.click("[data-do=rules]")
    first.wait_for_selector("[data-rule]")
    expect(first.locator("[data-do=set]")).to_have_count(0)
    expect(first).to_have_title(re.compile("一户一策 · 守望$"))


def test_a_home_that_is_not_there_says_so(desk, first):
    first.goto(f"{desk.site.address}/homes/999999/rules")
    expect(first.locator("main")).to_contain_text("没有这")


@pytest.mark.parametrize(("theme", "language"), [("dark", "zh"), ("light", "en")])
def test_axe_finds_nothing_and_it_fits_a_phone(desk, chief, theme, language):
    speak(chief, language)
    chief.set_viewport_size({"width": 390, "height": 844})
    chief.reload()
    chief.wait_for_selector("[data-rule]")
    assert look(chief, theme, language) == []
    assert chief.evaluate("document.documentElement.scrollWidth") <= 390
    value(chief, "water_leak", "on").locator("[data-do=set]").click()
    chief.get_by_role("dialog").wait_for()
    assert look(chief, theme, language) == []
