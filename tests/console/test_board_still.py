"""The board stands still while it is used: a hand that clicks twice answers one alert, and nothing moves below it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.console.board_desk import (
    after,
    ask_again,
    board,
    claim,
    clean,
    close_all,
    middle,
    news,
    places,
    put,
    row,
    settled,
    shown,
    sql,
    states,
)  # fmt: skip

__all__ = ["clean"]


@pytest.fixture
def page(browser, desk, clean) -> Iterator[Page]:
    """An empty board."""
    yield from board(browser, desk)


@pytest.fixture
def standing(desk, clean) -> list[int]:
    """Six emergencies that stand in the list, the earliest first; to be asked for before the page."""
    return [put(desk, home, ago=60 - home, say=False) for home in range(6)]


def click_twice(page: Page, x: float, y: float) -> None:
    """As a mouse does it."""
    page.mouse.move(x, y)
    page.mouse.click(x, y)
    page.wait_for_timeout(180)
    page.mouse.click(x, y, click_count=2)


def test_a_double_click_on_a_row_answers_one_alert_and_the_row_stays(desk, standing, page):
    shown(page, *standing[:4])
    before = places(page)
    button = claim(row(page, standing[0])).bounding_box()
    click_twice(page, *middle(claim(row(page, standing[0]))))
    expect(row(page, standing[0])).to_contain_text("已接警")
    page.wait_for_timeout(700)
    assert states(desk, *standing) == ["acknowledged"] + ["open"] * 5
    assert places(page) == before
    assert row(page, standing[0]).locator(".claim").bounding_box() == button, "the button's place is the state's place"


def test_a_double_click_in_the_strip_answers_one_alert(desk, page):
    ids = [put(desk, home) for home in range(3)]
    expect(news(page, ids[2])).to_be_attached()
    click_twice(page, *middle(claim(news(page, ids[0]))))
    expect(news(page, ids[0])).to_contain_text("已接警")
    page.wait_for_timeout(700)
    assert states(desk, *ids) == ["acknowledged", "open", "open"]


def test_two_taps_on_a_telephone_answer_one_alert(browser, desk, clean):
    ids = [put(desk, home, ago=60 - home, say=False) for home in range(3)]
    for page in board(browser, desk, has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844}):
        shown(page, *ids[:1])
        x, y = middle(claim(row(page, ids[0])))
        page.touchscreen.tap(x, y)
        page.wait_for_timeout(180)
        page.touchscreen.tap(x, y)
        expect(row(page, ids[0])).to_contain_text("已接警")
        page.wait_for_timeout(300)
        assert states(desk, *ids) == ["acknowledged", "open", "open"]


def test_a_click_elsewhere_within_600_ms_does_nothing_and_the_next_one_counts(desk, standing, page):
    shown(page, *standing[:4])
    claim(row(page, standing[1])).click()
    page.mouse.click(*middle(claim(row(page, standing[3]))))
    expect(row(page, standing[1])).to_contain_text("已接警")
    settled(page)
    assert states(desk, standing[3]) == ["open"]
    claim(row(page, standing[3])).click()
    expect(row(page, standing[3])).to_contain_text("已接警")


def hold(page: Page, key: str, seconds: float = 0.7) -> None:
    """A key that is held down repeats itself."""
    for _ in range(int(seconds / 0.035)):
        page.keyboard.down(key)
        page.wait_for_timeout(35)
    page.keyboard.up(key)


def test_a_held_key_answers_the_selected_alert_and_no_other(desk, standing, page):
    shown(page, *standing[:4])
    hold(page, "a")
    assert set(states(desk, *standing)) == {"open"}, "nothing is selected"
    page.keyboard.press("j")
    page.keyboard.press("j")
    hold(page, "a", 1.0)
    expect(row(page, standing[1])).to_contain_text("已接警")
    assert states(desk, *standing) == ["open", "acknowledged", "open", "open", "open", "open"]
    expect(row(page, standing[1])).to_have_attribute("aria-current", "true")


def test_a_held_enter_on_a_button_answers_one(desk, page):
    ids = [put(desk, home) for home in range(3)]
    expect(news(page, ids[2])).to_be_attached()
    page.keyboard.press("n")
    hold(page, "Enter", 1.0)
    expect(news(page, ids[0])).to_contain_text("已接警")
    assert states(desk, *ids).count("acknowledged") == 1


@pytest.fixture
def twenty(desk, clean) -> list[int]:
    """More than fit on a screen."""
    return [put(desk, home, ago=60 - home, say=False) for home in range(20)]


def test_what_is_selected_and_out_of_sight_is_shown_first(desk, twenty, page):
    ids = twenty
    shown(page, ids[0])
    page.keyboard.press("j")
    page.mouse.move(600, 500)
    page.mouse.wheel(0, 1200)
    expect(row(page, ids[0])).not_to_be_in_viewport()
    page.keyboard.press("a")
    expect(row(page, ids[0])).to_be_in_viewport()
    assert states(desk, ids[0]) == ["open"]
    page.keyboard.press("a")
    expect(row(page, ids[0])).to_contain_text("已接警")


def test_three_new_emergencies_move_nothing_while_the_pointer_moves(desk, standing, page):
    shown(page, *standing[:4])
    height = page.locator("[data-strip]").bounding_box()
    before = places(page)
    come = []
    for home in range(6, 9):
        page.mouse.move(500 + home, 400)
        come.append(put(desk, home))
        expect(news(page, come[-1])).to_be_attached()
        assert places(page) == before
    assert page.locator("[data-strip]").bounding_box() == height
    after(page, 5)
    page.mouse.move(510, 410)
    after(page, 7)
    page.wait_for_timeout(1200)
    assert places(page) == before, "the last input was less than ten seconds ago"
    after(page, 11)
    shown(page, *come)
    expect(page.locator("[data-news]")).to_have_count(0)
    assert list(places(page)) == [*standing, *come], "the earliest first"


def test_what_a_colleague_does_moves_nothing_until_the_board_is_left_alone(desk, standing, page):
    shown(page, *standing[:4])
    page.mouse.move(500, 400)
    before = places(page)
    with_step = "INSERT INTO alert_event (alert_id, at, kind) VALUES (%s, now(), %s)"
    sql(desk, "UPDATE alert SET state = 'acknowledged', asks_since = NULL WHERE id = %s", standing[0])
    sql(desk, with_step, standing[0], "acknowledged")
    close = "UPDATE alert SET state = 'resolved', asks_since = NULL, resolved_at = now(), disposition = 'test'"
    sql(desk, f"{close} WHERE id = %s", standing[1])
    sql(desk, with_step, standing[1], "resolved")
    expect(row(page, standing[0])).to_contain_text("已接警")
    expect(row(page, standing[1])).to_contain_text("已办结")
    assert places(page) == before
    after(page, 12)
    expect(row(page, standing[1])).to_have_count(0)
    assert list(places(page)) == [*standing[2:], standing[0]]


def test_a_refusal_moves_nothing(desk, standing, page, browser):
    shown(page, *standing[:4])
    page.route("**/acknowledge", lambda route: (someone_else(desk, standing[2]), route.continue_()))
    before = places(page)
    claim(row(page, standing[2])).click()
    expect(page.locator("[data-line=refused]")).to_contain_text("测试·op2 已在")
    assert places(page) == before


def someone_else(desk, alert: int) -> None:
    """The second operator takes it a moment earlier."""
    sql(
        desk,
        "UPDATE alert SET state = 'acknowledged', acknowledged_at = now(), asks_since = NULL, handler_id = %s"
        " WHERE id = %s",
        desk.registry.accounts["op2"], alert,
    )  # fmt: skip


def test_the_strip_is_as_high_full_as_empty_and_no_heap_hides_an_emergency(desk, page):
    strip = page.locator("[data-strip]")
    expect(strip).to_contain_text("没有新的报警")
    height = strip.bounding_box()
    heap = [put(desk, home, "device_silent", "maintenance") for home in range(12)]
    expect(news(page, heap[-1])).to_be_attached()
    expect(strip.locator("[data-more]")).to_have_text("还有 10 条")
    urgent = [put(desk, home, "vital_signs", "urgent") for home in range(2)]
    emergency = put(desk, 3, ago=5)
    expect(news(page, emergency)).to_be_in_viewport()
    assert strip.bounding_box() == height
    page.wait_for_timeout(500)  # what has just moved takes no click
    claim(news(page, emergency)).click()
    expect(news(page, emergency)).to_contain_text("已接警")
    assert states(desk, *urgent) == ["open", "open"]


def test_a_second_cry_comes_to_the_strip_and_can_be_claimed_there(desk, standing, page):
    shown(page, *standing[:4])
    claim(row(page, standing[4])).click()
    expect(row(page, standing[4])).to_contain_text("已接警")
    before = places(page)
    ask_again(desk, standing[4])
    expect(news(page, standing[4])).to_contain_text("再次呼救")
    expect(news(page, standing[4])).to_contain_text("×2")
    assert places(page) == before
    settled(page)
    claim(news(page, standing[4])).click()
    expect(news(page, standing[4])).to_contain_text("已接警")
    expect(row(page, standing[4])).to_contain_text("已接警")


def test_the_board_stands_still_after_a_lost_row_and_an_empty_one_says_so(desk, page):
    alert = put(desk, 0)
    expect(news(page, alert)).to_be_visible()
    expect(page.locator("[data-quiet]")).to_be_hidden()
    page.mouse.move(500, 500)
    close_all(desk)
    expect(news(page, alert)).to_contain_text("已办结")
    after(page, 12)
    expect(page.locator("[data-quiet]")).to_be_visible()
