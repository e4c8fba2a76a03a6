"""The record in a real browser: found by everything it says, with the seconds, and what was late is marked."""

import re

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.console.conftest import Desk

HOME = 23  # the other tests count from the first
CLOSED = """
    INSERT INTO alert (home_id, rule, severity, state, occurred_at, opened_at, last_at, evidence, asks_since)
    SELECT %(home)s, %(rule)s, %(severity)s, 'open', at, at, at,
           '{"text_zh": "按下紧急呼叫", "text_en": "Emergency button pressed"}', at
    FROM (SELECT now() - %(ago)s::interval AS at) t RETURNING id, opened_at
"""

OTHERS = "UPDATE alert SET home_id = %s WHERE home_id = %s AND state = 'resolved'"  # what the engine found there itself


@pytest.fixture(scope="module")
def closed(desk) -> dict[str, int]:
    """Sixty closed alerts, of which two stand out: one late by op1, one by op2 with a note."""
    found = {}
    with psycopg.connect(desk.site.owner_url) as conn:
        conn.execute(OTHERS, (desk.registry.homes[HOME - 1], desk.registry.homes[HOME]))
        accounts = dict(conn.execute("SELECT username, id FROM account").fetchall())
        specs = [
            ("late", "sos", "emergency", "1 hour", 72, "op1", "real", "女儿已赶到，送医"),
            ("oil", "gas", "emergency", "2 hours", 8, "op2", "false_alarm", "炒菜油烟"),
        ]
        specs += [("", "battery_low", "maintenance", f"{n} days", 30, "op1", "device_fault", "") for n in range(3, 61)]
        for name, rule, severity, ago, seconds, who, result, note in specs:
            values = {"home": desk.registry.homes[HOME], "rule": rule, "severity": severity, "ago": ago}
            alert, at = conn.execute(CLOSED, values).fetchone()
            conn.execute(
                "UPDATE alert SET state = 'resolved', asks_since = NULL, handler_id = %(by)s, resolved_by_id = %(by)s,"
                " acknowledged_at = %(at)s + %(s)s * interval '1 s', resolved_at = %(at)s + %(s)s * interval '2 s',"
                " disposition = %(result)s WHERE id = %(alert)s",
                {"by": accounts[who], "at": at, "s": seconds, "result": result, "alert": alert},
            )
            conn.execute(
                "INSERT INTO alert_event (alert_id, at, kind, account_id, note) VALUES (%s, now(), 'resolved', %s, %s)",
                (alert, accounts[who], note),
            )
            found[name or f"old {ago}"] = alert
    return found


@pytest.fixture
def page(desk, closed, first) -> Page:
    """The record of the one home, so that other tests' alerts don't count."""
    open_records(first, desk)
    return first


def open_records(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.site.address}/records?home={desk.registry.homes[HOME]}")
    page.wait_for_selector("tbody [data-row]")


def row(page: Page, alert: int):
    return page.locator(f"[data-row='{alert}']")


def rows(page: Page):
    return page.locator("tbody [data-row]")


def test_a_late_answer_is_marked_and_has_its_seconds(page, closed):
    late = row(page, closed["late"])
    expect(late).to_contain_text("1 分 12 秒")
    expect(late.locator("[data-breach]")).to_have_text(re.compile("⚠ 超时.*限 1 分"))
    expect(late.locator("[data-column=closed]")).to_have_text("2 分 24 秒")
    expect(row(page, closed["oil"]).locator("[data-breach]")).to_have_count(0)
    expect(row(page, closed["oil"]).locator("[data-column=answered]")).to_have_text("8 秒")
    sums = page.locator("[data-sums]")
    expect(sums).to_contain_text("60")
    expect(sums).to_contain_text("50.0 %")


def test_records_are_found_by_handler_text_result_rule_and_day(page, closed):
    def alone(name):
        expect(rows(page)).to_have_count(1)
        expect(row(page, closed[name])).to_be_visible()

    page.select_option("[name=handler]", label="测试·op2")
    alone("oil")
    page.select_option("[name=handler]", label="全部")
    page.fill("[data-search]", "送医")
    alone("late")
    page.fill("[data-search]", "")
    page.select_option("[name=result]", label="误报")
    alone("oil")
    page.select_option("[name=result]", label="全部")
    page.select_option("[name=rule]", value="sos")
    alone("late")
    page.select_option("[name=rule]", label="全部")
    page.check("[name=breach]")
    alone("late")
    page.uncheck("[name=breach]")
    day = page.evaluate("new Date(Date.now() - 10 * 864e5).toLocaleDateString('en-CA', {timeZone: 'Asia/Shanghai'})")
    page.fill("[name=from]", day)
    page.fill("[name=to]", day)
    alone("old 10 days")
    page.get_by_role("button", name="看所有住户").click()
    expect(page.locator("[data-one-home]")).to_have_count(0)


def test_coming_back_from_an_alert_finds_the_same_filters(page, closed):
    page.select_option("[name=rule]", value="gas")
    page.fill("[data-search]", "油烟")
    expect(rows(page)).to_have_count(1)
    expect(page).to_have_url(re.compile("q="))
    row(page, closed["oil"]).get_by_role("link").first.click()
    page.wait_for_url(re.compile(r"/alerts/\d+"))
    page.go_back()
    expect(page.locator("[data-search]")).to_have_value("油烟")
    expect(page.locator("[name=rule]")).to_have_value("gas")
    expect(rows(page)).to_have_count(1)


def test_the_rest_of_a_long_list_is_fetched_when_asked_for(page):
    expect(rows(page)).to_have_count(50)
    page.click("[data-more]")
    expect(rows(page)).to_have_count(60)
    expect(page.locator("[data-more]")).to_have_count(0)
    expect(page.locator("[data-count-line]")).to_have_text("共 60 条")


def test_the_record_reads_well_in_english(page, closed):
    page.evaluate("localStorage.setItem('language', 'en')")
    page.reload()
    late = row(page, closed["late"])
    expect(late.locator("[data-breach]")).to_have_text(re.compile("⚠ Late.*1 min 12 s.*limit 1 min"))
    page.evaluate("localStorage.removeItem('language')")
