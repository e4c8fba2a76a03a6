"""The page of an alert, in a real browser: it answers what is asked, and no button on it can misfire."""

import re
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.console.conftest import Desk
from tests.console.house import NOTE, House, alarm, fresh, furnish, put, seated, step
from tests.console.test_reading_aloud import look

NARROW = {"width": 390, "height": 844}
STEPS = ("acknowledge", "dispatch", "comment", "resolve")


@pytest.fixture(scope="module")
def one(browser, desk):
    """Where the first operator has logged in."""
    yield from seated(browser, desk, "op1")


@pytest.fixture
def first(one):
    """The first operator's page."""
    yield from fresh(one)


@pytest.fixture(scope="module")
def two(browser, desk):
    """Where the second operator has logged in."""
    yield from seated(browser, desk, "op2")


@pytest.fixture
def second(two):
    """The second operator's page."""
    yield from fresh(two)


@pytest.fixture(scope="module")
def house(desk) -> House:
    """A home in which something goes on."""
    return furnish(desk.site.owner_url, 30)


@pytest.fixture
def gas(desk, house) -> int:
    """A gas alert that has become worse since."""
    return alarm(desk.site.owner_url, house, last=20, peak=25)


def visit(page: Page, desk: Desk, alert: int) -> Page:
    page.goto(f"{desk.site.address}/alerts/{alert}")
    expect(page.locator("[data-do=acknowledge]")).to_be_visible()
    return page


def settled(page: Page) -> None:
    page.wait_for_selector("html:not([data-settling])")


def take_back(page: Page) -> None:
    settled(page)
    page.wait_for_timeout(600)  # an offer that has just come takes no click
    page.click("[data-do=undo]")


def places(page: Page) -> list[tuple[float, float]]:
    found = [page.locator(f"[data-do={name}]").bounding_box() for name in STEPS]
    return [(box["x"], box["y"]) for box in found if box]


def steps(desk: Desk, alert: int) -> list[str]:
    """What operators have on record."""
    with psycopg.connect(desk.site.owner_url) as conn:
        query = "SELECT kind FROM alert_event WHERE alert_id = %s AND account_id IS NOT NULL ORDER BY id"
        return [row[0] for row in conn.execute(query, (alert,))]


def test_a_double_click_records_one_step_and_buttons_keep_their_places(desk, first, gas):
    page = visit(first, desk, gas)
    before = places(page)
    for name, state in (("acknowledge", "已接警"), ("dispatch", "已派人")):
        settled(page)
        box = page.locator(f"[data-do={name}]").bounding_box()
        page.mouse.click(box["x"] + 20, box["y"] + 20)
        page.wait_for_timeout(180)
        page.mouse.click(box["x"] + 20, box["y"] + 20)
        expect(page.locator("[data-state]")).to_have_text(state)
        page.wait_for_timeout(300)
        assert places(page) == before
    settled(page)
    page.check("[name=disposition][value=test]")
    page.dblclick("[data-do=resolve]")
    expect(page.locator("[data-state]")).to_have_text("已办结")
    assert places(page) == before
    assert steps(desk, gas) == ["acknowledged", "dispatched", "resolved"]


def test_a_step_is_taken_back_and_stays_readable_struck_through(desk, first, gas):
    page = visit(first, desk, gas)
    page.click("[data-do=acknowledge]")
    expect(page.locator("[data-state]")).to_have_text("已接警")
    take_back(page)
    expect(page.locator("[data-state]")).to_have_text("待接警")
    expect(page.locator(".events s")).to_have_text("接警")
    expect(page.locator(".events [data-kind=undone]")).to_contain_text("撤销接警")
    assert steps(desk, gas) == ["acknowledged", "undone"]


def test_what_was_not_delivered_says_so_at_once_and_can_be_sent_again(desk, first, gas):
    page = visit(first, desk, gas)
    page.fill("[name=note]", "女儿在路上")
    page.route("**/acknowledge", lambda route: route.abort())
    page.click("[data-do=acknowledge]")
    expect(page.locator("[data-message]")).to_contain_text("未送达", timeout=1000)
    expect(page.locator("[name=note]")).to_have_value("女儿在路上")
    page.unroute("**/acknowledge")
    settled(page)
    page.click("[data-do=acknowledge]")
    expect(page.locator("[data-state]")).to_have_text("已接警")
    expect(page.locator("[data-message]")).to_be_empty()
    expect(page.locator("[name=note]")).to_have_value("")
    assert steps(desk, gas) == ["acknowledged"]


def test_closing_what_somebody_else_holds_asks_first(desk, first, second, gas):
    visit(first, desk, gas).click("[data-do=acknowledge]")
    expect(first.locator("[data-state]")).to_have_text("已接警")
    page = visit(second, desk, gas)
    page.check("[name=disposition][value=false_alarm]")
    page.click("[data-do=resolve]")
    question = page.get_by_role("alertdialog")
    expect(question).to_contain_text("测试·op1")
    settled(page)
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    assert steps(desk, gas) == ["acknowledged"]
    settled(page)
    page.click("[data-do=resolve]")
    settled(page)
    question.locator("[data-do=confirm]").click()
    expect(page.locator("[data-whose]")).to_contain_text("测试·op2 于")
    assert steps(desk, gas) == ["acknowledged", "resolved"]


def test_a_half_typed_note_survives_a_colleagues_steps_and_a_closed_alert_takes_it(desk, first, second, gas):
    page = visit(first, desk, gas)
    page.fill("[name=note]", "邻居说她在")
    other = visit(second, desk, gas)
    other.click("[data-do=acknowledge]")
    expect(page.locator("[data-state]")).to_have_text("已接警")
    settled(other)
    other.check("[name=disposition][value=real]")
    other.click("[data-do=resolve]")
    expect(page.locator("[data-whose]")).to_contain_text("测试·op2 于")
    expect(page.locator("[name=note]")).to_have_value("邻居说她在")
    page.locator("header, nav").get_by_role("link", name="值班台").first.click()
    page.wait_for_selector("[data-strip]")
    page.go_back()
    expect(page.locator("[name=note]")).to_have_value("邻居说她在")
    page.click("[data-do=comment]")
    expect(page.locator(".events")).to_contain_text("邻居说她在")
    assert steps(desk, gas) == ["acknowledged", "resolved", "comment"]


def test_what_closed_by_itself_says_the_system_did(desk, first, house):
    alert = alarm(desk.site.owner_url, house)
    with psycopg.connect(desk.site.owner_url) as conn:
        conn.execute(
            "UPDATE alert SET state = 'resolved', resolved_at = now(), asks_since = NULL, disposition = 'recovered'"
            " WHERE id = %s", (alert,),
        )  # fmt: skip
    page = visit(first, desk, alert)
    expect(page.locator("[data-whose]")).to_contain_text("系统 于")


def test_it_answers_who_lives_there_whom_to_call_and_whether_she_moves(desk, house, first, gas):
    page = visit(first, desk, gas)
    people = page.locator("[data-people]")
    expect(people).to_contain_text("测试·钱爷爷")
    expect(people.locator("[data-note]")).to_contain_text(NOTE)
    expect(page.locator("a[href^='tel:']").first).to_be_visible()
    sign = page.locator("[data-last-sign]")
    with psycopg.connect(desk.site.owner_url) as conn:
        put(conn, house.devices["motion_sensor"], "motion", datetime.now(UTC), 1)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # looked at again: read again at once
    expect(sign).to_contain_text("客厅 · 人体红外传感器 · 有人活动")
    expect(sign).to_contain_text("秒前")


def test_the_alerts_before_it_and_what_they_were_are_listed(desk, house, first):
    before = alarm(desk.site.owner_url, house, "sos")
    page = visit(first, desk, alarm(desk.site.owner_url, house))
    expect(page.locator(f"[data-recent] a[href='/alerts/{before}']")).to_contain_text("紧急呼叫")
    expect(page.locator("[data-recent] li").first).to_contain_text("测试")


def test_values_tell_how_it_went_and_a_late_alert_when_it_happened(desk, house, first, gas):
    expect(visit(first, desk, gas).locator("[data-values]")).to_contain_text("10 → 20 %LEL")
    late = alarm(desk.site.owner_url, house, "sos", ago=25 * 60, late=True)
    expect(visit(first, desk, late).locator("[data-late]")).to_contain_text("25 分钟前按下，刚收到")


def test_a_quantity_has_a_curve_with_its_limit_on_it_and_an_event_has_times(desk, house, first, gas):
    page = visit(first, desk, gas)
    curve = page.locator("[data-curve=gas]")
    expect(curve.locator("canvas")).to_be_visible()
    expect(curve).to_contain_text("限值 10 %LEL")
    expect(curve.get_by_role("img")).to_have_attribute("aria-label", re.compile("最低 .*限值 10 %LEL"))
    assert float(curve.get_attribute("data-min")) == 0
    assert float(curve.get_attribute("data-max")) >= 10
    pressed = datetime.now(UTC) - timedelta(minutes=3)
    with psycopg.connect(desk.site.owner_url) as conn:  # nothing but this press, whatever the hour of the night
        conn.execute("DELETE FROM reading WHERE device_id = %s", (house.devices["sos_button"],))
        put(conn, house.devices["sos_button"], "sos", pressed, 1)
    page = visit(first, desk, alarm(desk.site.owner_url, house, "sos"))
    expect(page.locator("[data-when] li")).to_have_count(1)
    expect(page.locator("[data-data] canvas")).to_have_count(0)


def test_raised_again_it_asks_again_and_anybody_may_claim_it(desk, first, second, gas):
    visit(first, desk, gas).click("[data-do=acknowledge]")
    page = visit(second, desk, gas)
    expect(page.locator("[data-do=acknowledge]")).to_have_text("已接警")
    with psycopg.connect(desk.site.owner_url) as conn:
        conn.execute("UPDATE alert SET asks_since = now(), count = count + 1, last_at = now() WHERE id = %s", (gas,))
        step(conn, gas, "raised")
    expect(page.locator("[data-whose]")).to_contain_text("再次呼叫")
    page.click("[data-do=acknowledge]")
    expect(page.locator("[data-whose]")).to_contain_text("测试·op2 处理中")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_in_a_curve_steps_taken_back_and_the_question(desk, first, second, gas, theme):
    visit(first, desk, gas).click("[data-do=acknowledge]")
    take_back(first)
    expect(first.locator(".events s")).to_be_visible()
    expect(first.locator("[data-curve] canvas")).to_be_visible()
    first.locator("[data-curve] summary").click()
    settled(first)
    first.click("[data-do=acknowledge]")
    assert look(first, theme, "zh") == []
    page = visit(second, desk, gas)
    page.check("[name=disposition][value=false_alarm]")
    page.click("[data-do=resolve]")
    expect(page.get_by_role("alertdialog")).to_be_visible()
    assert look(page, theme, "zh") == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_on_a_small_screen_what_who_phone_and_the_first_step_need_no_scrolling(desk, first, gas, language):
    visit(first, desk, gas).evaluate("language => localStorage.setItem('language', language)", language)
    for size in (NARROW, {"width": 683, "height": 384}):
        first.set_viewport_size(size)
        page = visit(first, desk, gas)
        expect(page.locator("[data-curve] canvas")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        for seen in ("h1", ".why", "[data-first-call]", "[data-do=acknowledge]"):
            expect(page.locator(seen)).to_be_in_viewport(ratio=1)


def test_the_rule_speaks_the_pages_language(desk, first, gas):
    page = visit(first, desk, gas)
    page.click("[data-rule-text] summary")
    zh = page.locator("[data-rule-text] .about").inner_text()
    page.click("[data-language]")
    expect(page.locator("[data-rule-text] .about")).not_to_have_text(zh)
    expect(page.locator("[data-rule-text] .about")).not_to_contain_text("报警")
