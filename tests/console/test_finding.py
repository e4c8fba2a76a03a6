"""Lists in a real browser: found however one says it, filters that stay, and never the answer to an older question."""

import re

import psycopg
import pytest
from playwright.sync_api import Page, Route, expect

from tests.console.conftest import Desk

NARROW = {"telephone": (390, 844), "desk at 200 %": (683, 384)}


@pytest.fixture(scope="module")
def homes(desk) -> list[int]:
    """Two homes with names and numbers as they are."""
    made = []
    with psycopg.connect(desk.site.owner_url) as conn:
        for code, address, person, phone in (
            ("XF-0031", "幸福村 31 号", "陈秀兰", "138-0013-8000"),
            ("XF-0131", "幸福村 131 号", "王桂花", "139-0000-1234"),
        ):
            row = conn.execute(
                "INSERT INTO home (code, area_id, address)"
                " SELECT %s, id, %s FROM area WHERE nlevel(path) = 4 RETURNING id",
                (code, address),
            ).fetchone()
            made.append(row[0])
            conn.execute("INSERT INTO person (home_id, name) VALUES (%s, %s)", (row[0], person))
            conn.execute(
                "INSERT INTO contact (home_id, position, name, role, phone) VALUES (%s, 1, '李甲', '女儿', %s)",
                (row[0], phone),
            )
    return made


def go(page: Page, desk: Desk, path: str) -> None:
    page.goto(f"{desk.site.address}{path}")
    page.wait_for_selector("[data-count-line]:not(:empty)")


def rows(page: Page):
    return page.locator("tbody [data-row]")


def test_a_home_is_found_however_one_says_it(desk, homes, first):
    go(first, desk, "/homes")
    for text in ("31号", "秀兰 幸福村", "cxl", "13800138"):
        first.fill("[data-search]", text)
        expect(rows(first)).to_have_count(1)
        expect(rows(first)).to_contain_text("陈秀兰")
        expect(first.locator("[data-count-line]")).to_have_text("共 1 条")
    first.fill("[data-search]", "没有这个人")
    expect(first.locator("[data-count-line]")).to_contain_text("没有找到这样的住户")


def test_filters_survive_opening_an_item_and_a_reload(desk, homes, first):
    go(first, desk, "/homes")
    first.fill("[data-search]", "wgh")
    expect(rows(first)).to_have_count(1)
    first.get_by_role("link", name="王桂花").click()
    first.wait_for_url(re.compile(r"/homes/\d+$"))
    first.go_back()
    expect(first.locator("[data-search]")).to_have_value("wgh")
    expect(rows(first)).to_have_count(1)
    first.reload()
    expect(first.locator("[data-search]")).to_have_value("wgh")
    expect(rows(first)).to_have_count(1)
    first.click("[data-clear]")
    expect(first).to_have_url(re.compile(r"/homes$"))
    expect(rows(first)).not_to_have_count(1)


def test_the_answer_to_an_older_question_never_shows(desk, homes, first):
    go(first, desk, "/homes")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    first.route(re.compile(r"/api/v1/homes\?q=cxl"), hold)
    first.fill("[data-search]", "cxl")
    expect(first).to_have_url(re.compile("q=cxl$"))
    first.fill("[data-search]", "wgh")
    expect(rows(first)).to_have_count(1)
    expect(rows(first)).to_contain_text("王桂花")
    for route in held:
        with first.expect_response(re.compile("q=cxl")):
            route.continue_()
    first.wait_for_timeout(100)
    assert held
    expect(rows(first)).to_have_count(1)
    expect(rows(first)).to_contain_text("王桂花")
    expect(first.locator("[data-search]")).to_have_value("wgh")


def test_what_is_typed_while_the_address_follows_is_not_lost(desk, homes, first):
    go(first, desk, "/homes")
    first.locator("[data-search]").press_sequentially("chenxiulan", delay=120)  # slower and faster than 250 ms would be
    expect(first.locator("[data-search]")).to_have_value("chenxiulan")
    expect(rows(first)).to_have_count(1)


def test_a_list_that_fails_says_so_and_is_tried_again(desk, homes, first):
    go(first, desk, "/homes")
    first.route(re.compile(r"/api/v1/homes\?"), lambda route: route.abort())
    first.fill("[data-search]", "cxl")
    expect(first.locator("[data-failure]")).to_contain_text("没能载入：服务器没有回答")
    expect(rows(first)).to_have_count(0)  # nothing stands there that was not asked for
    first.unroute(re.compile(r"/api/v1/homes\?"))
    first.get_by_role("button", name="再试").click()
    expect(rows(first)).to_have_count(1)
    expect(first.locator("[data-failure]")).to_have_count(0)


def test_devices_are_chosen_by_kind_and_vendor_in_words(desk, homes, first):
    go(first, desk, "/devices")
    first.select_option("[name=type]", label="紧急呼叫按钮")
    with psycopg.connect(desk.site.owner_url) as conn:  # other tests register some, too
        query = "SELECT count(*) FROM device WHERE type = 'sos_button' AND retired_at IS NULL"
        count = conn.execute(query).fetchone()[0]
    expect(rows(first)).to_have_count(count)
    first.fill("[data-search]", "测试村3号")
    expect(rows(first)).to_have_count(1)
    first.select_option("[name=vendor]", label="acme 测试厂")
    expect(rows(first)).to_have_count(1)
    first.check("[name=silent]")
    expect(first).to_have_url(re.compile("type=sos_button.*vendor=acme.*silent=1"))


def test_what_is_in_stock_is_listed_by_itself_and_said_to_be(desk, homes, first):
    with psycopg.connect(desk.site.owner_url) as conn:
        conn.execute(
            "INSERT INTO device (vendor_id, serial, type, model)"
            " SELECT id, 'boxed-1', 'sos_button', 'WS101' FROM vendor"
            " WHERE code = 'acme'"
        )
    go(first, desk, "/devices")
    first.check("[name=stock]")
    expect(rows(first)).to_have_count(1)
    expect(rows(first)).to_contain_text("boxed-1")
    expect(rows(first)).to_contain_text("在库")
    expect(first).to_have_url(re.compile("stock=1"))
    first.fill("[data-search]", "boxed-2")
    expect(rows(first)).to_have_count(0)


@pytest.mark.parametrize("size", NARROW.values(), ids=NARROW.keys())
@pytest.mark.parametrize("language", ["zh", "en"])
def test_on_a_small_screen_every_column_is_on_it(desk, homes, first, size, language):
    first.set_viewport_size({"width": size[0], "height": size[1]})
    first.evaluate("language => localStorage.setItem('language', language)", language)
    for path in ("/homes", "/devices", "/records", "/rejected"):
        go(first, desk, path)
        assert (path, first.evaluate("document.documentElement.scrollWidth <= innerWidth")) == (path, True)
        beyond = first.evaluate(
            "[...document.querySelectorAll('tbody [data-row] *')].map(e => e.getBoundingClientRect())"
            ".filter(box => box.right > innerWidth && box.width).length"
        )
        assert (path, beyond) == (path, 0)
    first.evaluate("localStorage.removeItem('language')")
