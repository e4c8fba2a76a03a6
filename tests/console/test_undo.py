"""A step that was a slip is taken back within ten seconds; a step that did not arrive says so at once."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.console.board_desk import after, board, claim, clean, news, places, put, row, settled, shown, sql, states

__all__ = ["clean"]


@pytest.fixture
def standing(desk, clean) -> list[int]:
    """Three emergencies in the list."""
    return [put(desk, home, ago=60 - home, say=False) for home in range(3)]


@pytest.fixture
def page(browser, desk, standing) -> Iterator[Page]:
    """The board that lists them."""
    for page in board(browser, desk):
        shown(page, *standing)
        yield page


def test_a_claim_is_taken_back_and_both_steps_are_on_record(desk, standing, page):
    before = places(page)
    claim(row(page, standing[1])).click()
    line = page.locator("[data-line=undo]")
    expect(line).to_contain_text("已接警：测试·老人2 · 紧急呼叫")
    expect(line).to_contain_text("撤销 (10)")
    expect(line).to_contain_text("撤销 (8)", timeout=3000)
    line.get_by_role("button", name="撤销").click()
    expect(claim(row(page, standing[1]))).to_have_text("接警")
    expect(page.locator("[data-line=done]")).to_contain_text("已撤销")
    kinds = sql(desk, "SELECT kind FROM alert_event WHERE alert_id = %s ORDER BY id", standing[1])
    assert [kind for (kind,) in kinds] == ["acknowledged", "undone"]
    assert states(desk, standing[1]) == ["open"]
    assert places(page) == before


def test_several_are_offered_in_one_place_and_the_offer_ends(desk, standing, page):
    for alert in standing[:2]:
        settled(page)
        claim(row(page, alert)).click()
        expect(row(page, alert)).to_contain_text("已接警")
    lines = page.locator("[data-line=undo]")
    expect(lines).to_have_count(2)
    settled(page)
    page.keyboard.press("u")
    expect(claim(row(page, standing[1]))).to_have_text("接警")
    assert states(desk, standing[0], standing[1]) == ["acknowledged", "open"]
    after(page, 11)
    expect(lines).to_have_count(0)


def test_it_is_refused_when_a_colleague_has_acted_since_and_says_who(desk, standing, page):
    claim(row(page, standing[0])).click()
    expect(page.locator("[data-line=undo]")).to_be_visible()
    sql(
        desk,
        "INSERT INTO alert_event (alert_id, at, kind, account_id) VALUES (%s, now(), 'dispatched', %s)",
        standing[0], desk.registry.accounts["op2"],
    )  # fmt: skip
    sql(desk, "UPDATE alert SET state = 'dispatched', dispatched_at = now() WHERE id = %s", standing[0])
    settled(page)
    page.locator("[data-do=undo]").click()
    expect(page.locator("[data-line=refused]")).to_contain_text("测试·op2")
    assert states(desk, standing[0]) == ["dispatched"]


def test_a_step_that_does_not_arrive_says_so_at_once_and_can_be_pressed_again(desk, standing, page):
    before = places(page)
    page.route("**/acknowledge", lambda route: route.abort())
    button = claim(row(page, standing[0]))
    button.click()
    expect(button).to_have_text("未送达，再按一次", timeout=1000)
    expect(button).to_have_accessible_name("未送达，再按一次: 测试村1号 测试·老人1 紧急呼叫")
    assert places(page) == before
    assert states(desk, standing[0]) == ["open"]
    page.unroute("**/acknowledge")
    settled(page)
    button.click()
    expect(row(page, standing[0])).to_contain_text("已接警")


def test_a_step_that_hangs_says_so_after_five_seconds_and_counts_if_it_arrives_after_all(desk, standing, page):
    held = []
    page.route("**/acknowledge", lambda route: held.extend([route]))
    button = claim(row(page, standing[0]))
    button.click()
    expect(button).to_have_text("送达中…")
    after(page, 5.1)
    expect(button).to_have_text("未送达，再按一次")
    held[0].continue_()
    expect(row(page, standing[0])).to_contain_text("已接警")
    expect(page.locator("[data-line=undo]")).to_be_visible()


def test_an_undo_that_does_not_arrive_is_offered_again(desk, standing, page):
    claim(row(page, standing[0])).click()
    expect(page.locator("[data-line=undo]")).to_be_visible()
    page.route("**/undo", lambda route: route.abort())
    settled(page)
    page.wait_for_timeout(600)  # an offer that has just come takes no click
    page.locator("[data-do=undo]").click()
    expect(page.locator("[data-line=undo]")).to_contain_text("未送达，再按一次")
    page.unroute("**/undo")
    settled(page)
    page.locator("[data-do=undo]").click()
    expect(claim(row(page, standing[0]))).to_have_text("接警")


def test_what_was_taken_back_asks_again_on_a_colleagues_board_too(desk, standing, page, browser):
    claim(row(page, standing[0])).click()
    for other in board(browser, desk, "op2"):
        expect(row(other, standing[0])).to_contain_text("已接警")
        settled(page)
        page.locator("[data-do=undo]").click()
        expect(claim(row(other, standing[0])).or_(claim(news(other, standing[0]))).first).to_be_visible()
