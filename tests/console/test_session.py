"""A session that ends while its page is open: the login form comes over the page, aloud, and nothing is lost."""

import itertools
import re

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.console.board_desk import settled
from tests.console.conftest import Desk, answer, open_console, sos_of
from tests.console.hearing import CHIME, LISTEN, sounding
from tests.registry import PASSWORD
from tests.waiting import eventually

HOMES = itertools.count(4)


@pytest.fixture
def page(browser, desk):
    """An operator who has opened an alert and types a note; nothing else rings."""
    with psycopg.connect(desk.site.owner_url) as conn:
        conn.execute(
            "UPDATE alert SET state = 'acknowledged', asks_since = NULL, acknowledged_at = now() WHERE state = 'open'"
        )
    with browser.new_context(locale="zh-CN") as context:
        context.add_init_script(LISTEN)
        page = open_console(context, desk, "op1")
        page.wait_for_selector("[data-live]")
        yield page


def open_alert(desk: Desk, page: Page) -> int:
    """An emergency that this operator has claimed, with a note half typed on its page."""
    home = next(HOMES)
    desk.say(home, "sos_button", "event", sos=1)
    answer(page, home)
    sos_of(page, home).locator(".title").click()
    page.fill("[name=note]", "网格员已出")
    eventually(lambda: sounding(page) == [], 5)
    return home


def end_sessions(desk: Desk, account: str) -> None:
    """As an administrator ends them, or as time does."""
    with psycopg.connect(desk.site.owner_url) as conn:
        mine = desk.registry.accounts[account]
        conn.execute("DELETE FROM session WHERE account_id = %s AND label IS NULL", (mine,))
        conn.execute("SELECT pg_notify('session', %s)", (str(mine),))


def set_end(desk: Desk, left: str, ago: str = "1 hour") -> None:
    """The sessions of op1 began `ago` and end when `left` is over."""
    with psycopg.connect(desk.site.owner_url) as conn:
        mine = desk.registry.accounts["op1"]
        conn.execute(
            "UPDATE session SET created_at = now() - %s::interval, expires_at = now() + %s::interval"
            " WHERE account_id = %s AND label IS NULL",
            (ago, left, mine),
        )
        conn.execute("SELECT pg_notify('session', %s)", (str(mine),))


def log_in(page: Page, username: str) -> None:
    form = page.get_by_role("alertdialog")
    form.wait_for()
    settled(page)  # what comes takes no key for a moment
    form.locator("[name=username]").fill(username)
    form.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")


def test_an_ended_session_brings_the_login_form_over_the_page_and_a_half_typed_note_survives(desk, page):
    open_alert(desk, page)
    end_sessions(desk, "op1")
    form = page.get_by_role("alertdialog", name="登录已结束")
    expect(form).to_be_visible(timeout=15_000)
    assert page.title() == "(!) 登录已结束 · 守望"
    assert [length for length, _ in sounding(page)] == [CHIME]
    expect(form.locator("[name=password]")).to_be_focused()
    expect(page.locator("[data-lost]")).to_have_count(0)  # not to be taken for a broken network
    assert page.evaluate("document.querySelector('.frame').inert")
    page.keyboard.press("Escape")
    expect(form).to_be_visible()
    other = next(HOMES)
    desk.say(other, "sos_button", "event", sos=1)
    log_in(page, "op1")
    expect(form).to_have_count(0)
    expect(page.locator("[name=note]")).to_have_value("网格员已出")
    expect(page.locator("[name=note]")).to_be_focused()
    expect(page.locator("[data-live]")).to_be_visible()
    eventually(lambda: re.match(r"\(\d+\)", page.title()), 5)  # what came meanwhile was not missed
    page.get_by_role("link", name="值班台").click()
    expect(sos_of(page, other)).to_be_visible()


def test_another_person_who_logs_in_there_gets_a_page_of_their_own(desk, page):
    open_alert(desk, page)
    end_sessions(desk, "op1")
    page.get_by_role("alertdialog").wait_for()
    log_in(page, "op2")
    expect(page.locator("a.who")).to_have_text("测试·op2")
    expect(page.locator("[name=note]")).to_have_value("")
    expect(page.get_by_role("alertdialog")).to_have_count(0)


def test_a_quarter_of_an_hour_before_the_end_one_click_stays_on_duty(desk, page):
    notice = page.locator("[data-notice=ends]")
    set_end(desk, "9 minutes")
    expect(notice).to_contain_text("登录将在 8分后结束", timeout=5000)
    notice.get_by_role("button", name="继续值班").click()
    expect(notice).to_have_count(0)
    expect(page.get_by_role("alertdialog")).to_have_count(0)


def test_after_a_day_it_takes_a_new_login_and_the_page_stays(desk, page):
    open_alert(desk, page)
    set_end(desk, "9 minutes", "23 hours 51 minutes")
    notice = page.locator("[data-notice=ends]")
    expect(notice).to_be_visible()
    notice.get_by_role("button", name="继续值班").click()
    form = page.get_by_role("alertdialog", name="重新登录")
    form.wait_for()
    settled(page)
    form.get_by_role("button", name="稍后").click()
    expect(form).to_have_count(0)
    settled(page)
    notice.get_by_role("button", name="继续值班").click()
    log_in(page, "op1")
    expect(form).to_have_count(0)
    expect(notice).to_have_count(0)
    expect(page.locator("[name=note]")).to_have_value("网格员已出")
