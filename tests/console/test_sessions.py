"""Where I am logged in, and an end to it."""

from tests.console.conftest import open_console


def test_a_login_left_somewhere_is_ended_from_here_and_that_console_goes_to_the_login_page(desk, first, browser):
    with browser.new_context(locale="zh-CN") as context:
        left = open_console(context, desk, "op1")
        left.wait_for_selector("[data-live]")
        first.click("a.who")
        rows = first.locator("[data-session]")
        rows.nth(1).wait_for()
        assert rows.filter(has_text="本机").count() == 1
        assert "Chrome" in rows.filter(has_text="本机").inner_text()
        first.click("[data-end-others]")
        left.wait_for_selector("[name=password]", timeout=15_000)  # it does not say "connection lost" for ever
        first.wait_for_function("() => document.querySelectorAll('[data-session]').length === 1")
        first.click("text=EN")
        first.get_by_role("heading", name="My logins").wait_for()


def test_the_page_fits_a_phone(desk, first):
    first.set_viewport_size({"width": 390, "height": 844})
    first.goto(f"{desk.site.address}/sessions")
    first.wait_for_selector("[data-session]")
    assert first.evaluate("document.documentElement.scrollWidth") <= 390
