"""What a row says: how it stands now, when it happened, and which of several filters shows it."""

from playwright.sync_api import expect

from tests.console.board_desk import after, board, claim, clean, news, put, row, shown, sql

__all__ = ["clean"]


def test_rows_say_values_lateness_and_age_by_when_it_happened(desk, clean, browser):
    gas = put(desk, 0, "gas", ago=30, say=False, last=20, peak=35, unit="%LEL", value=10, limit=10)
    late = put(desk, 1, ago=25 * 60, opened=0, say=False, late=True)
    cleared = put(desk, 2, "climate", "attention", ago=300, say=False)
    sql(desk, "UPDATE alert SET cleared_at = now() - interval '2 minutes' WHERE id = %s", cleared)
    for page in board(browser, desk):
        shown(page, gas, late, cleared)
        expect(row(page, gas).locator("[data-values]")).to_have_text("10 → 20 %LEL，最严重 35")
        expect(row(page, late).locator("[data-late]")).to_have_text("25 分钟前按下，刚收到")
        expect(row(page, late).locator("[data-age]")).to_contain_text("25 分钟")
        expect(row(page, late).locator("[data-age]")).to_have_class("age over")
        expect(row(page, gas).locator("[data-age]")).to_have_class("age")
        expect(row(page, cleared)).to_contain_text("已解除（")
        order = page.locator("[data-alert]").evaluate_all("rows => rows.map(row => +row.dataset.alert)")
        mine = [alert for alert in order if alert in (late, gas, cleared)]
        assert mine == [late, gas, cleared], "by when it happened, not by when it was heard"
        after(page, 40)
        expect(row(page, gas).locator("[data-age]")).to_have_class("age over")


def test_a_late_one_in_the_strip_says_so_and_each_button_is_named(desk, clean, browser):
    for page in board(browser, desk):
        late = put(desk, 3, ago=25 * 60, opened=0, late=True)
        expect(news(page, late)).to_contain_text("25 分钟前按下，刚收到")
        button = claim(news(page, late))
        expect(button).to_have_accessible_name("接警：测试村4号 测试·老人4 紧急呼叫")
        page.click("[data-language]")
        expect(news(page, late)).to_contain_text("Pressed 25 min ago")
        expect(button).to_have_accessible_name("Acknowledge: 测试村4号 测试·老人4 SOS pressed")


def test_an_alarm_beside_a_test_flag_is_marked_in_its_row_and_on_its_page(desk, clean, browser):
    fire = put(desk, 4, "fire", say=False, test=True)
    for page in board(browser, desk):
        shown(page, fire)
        expect(row(page, fire).locator("[data-test]")).to_have_text("测试？")
        page.goto(f"{desk.site.address}/alerts/{fire}")
        expect(page.locator("header [data-test]")).to_have_text("测试？")


def test_the_search_finds_by_any_words_and_filters_are_in_the_address(desk, clean, browser):
    ids = [put(desk, home, ago=60 - home, say=False) for home in range(12)]
    silent = put(desk, 5, "device_silent", "maintenance", say=False)
    sql(
        desk,
        "UPDATE alert SET state = 'acknowledged', asks_since = NULL, acknowledged_at = now(), handler_id = %s"
        " WHERE id = %s",
        desk.registry.accounts["op2"], silent,
    )  # fmt: skip
    sql(desk, "UPDATE home SET address = '测试村 31 号' WHERE id = %s", desk.registry.homes[7])
    try:
        for page in board(browser, desk):
            shown(page, ids[0])
            rows, field = page.locator("[data-alert]"), page.locator("[data-search]")
            for words, found in (
                ("31号", [ids[7]]), ("老人8 村 31", [ids[7]]), ("OP2", [silent]), ("失联 老人6", [silent]),
            ):  # fmt: skip
                field.fill(words)
                expect(rows).to_have_count(len(found))
                assert rows.evaluate_all("rows => rows.map(row => +row.dataset.alert)") == found, words
            field.fill("")
            page.get_by_label("级别").select_option("maintenance")
            expect(rows).to_have_count(1)
            page.wait_for_url("**/?severity=maintenance")
            page.get_by_label("只看待接警").check()
            expect(rows).to_have_count(0)
            expect(page.locator("[data-found]")).to_contain_text("另有 12 条待接警被筛选隐藏")
            page.click("[data-do=clear]")
            expect(rows.first).to_be_visible()
            page.wait_for_url(lambda url: "?" not in url)
    finally:
        sql(desk, "UPDATE home SET address = '测试村8号' WHERE id = %s", desk.registry.homes[7])


def test_one_comes_back_from_an_alert_to_the_same_filters_place_and_selection(desk, clean, browser):
    ids = [put(desk, home, ago=60 - home, say=False) for home in range(20)]
    put(desk, 20, "device_silent", "maintenance", say=False)
    for page in board(browser, desk):
        shown(page, ids[0])
        page.fill("[data-search]", "紧急呼叫")
        page.wait_for_url("**/?q=*")
        page.keyboard.press("Escape")
        for _ in range(12):
            page.keyboard.press("j")
        expect(row(page, ids[11])).to_be_in_viewport()
        y = page.evaluate("scrollY")
        assert y > 200
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/alerts/{ids[11]}")
        page.go_back()
        expect(row(page, ids[11])).to_have_attribute("aria-current", "true")
        expect(page.locator("[data-search]")).to_have_value("紧急呼叫")
        page.wait_for_function("y => Math.abs(scrollY - y) < 2", arg=y)
        page.reload()
        expect(page.locator("[data-search]")).to_have_value("紧急呼叫")


def test_no_filter_hides_what_is_new(desk, clean, browser):
    for page in board(browser, desk, path="/?severity=maintenance"):
        alert = put(desk, 4)
        expect(news(page, alert)).to_be_visible()
        after(page, 15)
        page.wait_for_timeout(1200)
        expect(news(page, alert)).to_be_visible()
        expect(row(page, alert)).to_have_count(0)
