"""What people hear who can't look: announcements, names, the way past the header; and axe-core over every page."""

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.console.conftest import CONSOLE, open_console
from tests.console.standing import HOME
from tests.waiting import eventually

AXE = CONSOLE / "node_modules/axe-core/axe.min.js"
FIND = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.map((found) =>
  found.id + ": " + found.help + " | " + found.nodes.slice(0, 3).map((node) => node.target.join(" ") + " " +
    (node.any[0]?.message ?? node.all[0]?.message ?? "").slice(0, 120)).join(" | "))"""


@pytest.fixture(scope="module")
def page(browser, desk, standing):
    """One operator's page for all of this."""
    with browser.new_context(locale="zh-CN", reduced_motion="reduce") as context:
        page = open_console(context, desk, "op1")
        page.wait_for_selector("[data-live]")
        yield page


def look(page: Page, theme: str, language: str) -> list[str]:
    """What axe-core finds."""
    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
    assert page.evaluate("document.documentElement.lang") == {"zh": "zh-CN", "en": "en"}[language]
    page.evaluate(AXE.read_text())
    return page.evaluate(FIND)


def speak(page: Page, language: str) -> None:
    """In this language from the next page on."""
    page.evaluate(f"localStorage.setItem('language', '{language}')")


BOTH = pytest.mark.parametrize(("theme", "language"), [("dark", "zh"), ("light", "en")])
PAGES = {
    "board": "/", "alert": "/alerts/{sos}", "answered": "/alerts/{fire}", "resolved": "/alerts/{gas}",
    "goes on": "/alerts/{vital_signs}", "homes": "/homes", "home": "/homes/{home}", "records": "/records",
    "devices": "/devices", "letters": "/rejected", "sessions": "/sessions", "no alert": "/alerts/999999",
    "no home": "/homes/999999",
}  # fmt: skip


@BOTH
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_on_any_page(desk, page, standing, name, theme, language):
    speak(page, language)
    page.goto(desk.site.address + PAGES[name].format(home=desk.registry.homes[HOME], **standing))
    page.wait_for_selector("[data-live]")
    page.wait_for_timeout(400)
    assert look(page, theme, language) == []


@BOTH
def test_axe_finds_nothing_where_something_is_open(desk, page, theme, language):
    speak(page, language)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(desk.site.address)
    page.wait_for_selector("[data-live]")
    page.click("[data-notices-button]")
    assert look(page, theme, language) == []
    page.click("[data-menu]")
    assert look(page, theme, language) == []
    page.goto(f"{desk.site.address}/login")
    page.wait_for_selector("[name=password]")
    assert look(page, theme, language) == []
    page.set_viewport_size({"width": 1280, "height": 720})


SAID = """() => {
  window.said = [];
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes)
      if (target.dataset?.said) for (const node of addedNodes) said.push([target.dataset.said, node.textContent]);
  }).observe(document.body, { subtree: true, childList: true });
}"""


def test_each_alert_is_said_with_what_who_and_where_and_a_burst_is_joined(desk, page, standing):
    speak(page, "zh")
    page.goto(desk.site.address)
    page.wait_for_selector("[data-live]")
    page.evaluate(SAID)
    desk.say(4, "sos_button", "event", sos=1)
    eventually(lambda: _said(page, "assertive", "紧急呼叫，测试·老人5，测试村5号"), 8)
    desk.say(5, "sos_button", "event", sos=1)  # the same title
    desk.say(6, "sos_button", "event", sos=1)
    with psycopg.connect(desk.site.owner_url) as conn:
        for alert, kind in ((standing["water_leak"], "severity"), (standing["sos"], "raised")):
            conn.execute("UPDATE alert SET asks_since = now() WHERE id = %s", (alert,))
            conn.execute("INSERT INTO alert_event (alert_id, at, kind) VALUES (%s, now(), %s)", (alert, kind))
    eventually(lambda: _said(page, "assertive", "紧急呼叫，测试·老人7，测试村7号"), 8)
    joined = page.evaluate("said.filter(([how]) => how === 'assertive').at(-1)[1]").split("；")
    for where in ("紧急呼叫，测试·老人6，测试村6号", "紧急呼叫，测试·老人7，测试村7号"):
        assert any(one.startswith("紧急：") and one.endswith(where) for one in joined)
    assert "紧急：再次报警：紧急呼叫，测试·老人23，测试村23号" in joined
    assert _said(page, "polite", "急：升级：漏水，测试·老人23，测试村23号")


def _said(page: Page, how: str, ending: str) -> bool:
    return any(voice == how and ending in text for voice, text in page.evaluate("said"))


def test_the_first_stop_of_tab_goes_past_the_header_and_a_page_begins_at_its_heading(desk, page):
    page.goto(desk.site.address)
    page.wait_for_selector("[data-live]")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到报警")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    page.get_by_role("link", name="设备", exact=True).click()
    expect(page.locator("h1")).to_be_focused()
    assert page.title().endswith("设备 · 守望")


def test_the_list_of_keys_holds_the_focus_and_gives_it_back(desk, page):
    button = page.get_by_role("button", name="按键说明")
    button.click()
    dialog = page.get_by_role("dialog", name="按键说明")
    expect(dialog).to_be_visible()
    page.wait_for_selector("html:not([data-settling])")
    assert look(page, "dark", "zh") == []
    for _ in range(3):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('[role=dialog]') !== null")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()
