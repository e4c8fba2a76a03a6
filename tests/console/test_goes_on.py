"""What was answered often enough and goes on, in a real browser: in its place, silent, and aloud when it gets worse."""

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.console.board_desk import after
from tests.console.conftest import Desk, open_console
from tests.console.hearing import LISTEN, SIREN, begun, sounding
from tests.console.standing import title
from tests.waiting import eventually

HOME = 20  # the other tests count from the first
INSERT = """
    INSERT INTO alert (home_id, device_id, rule, severity, state, occurred_at, opened_at, last_at, evidence, episode_at,
        asks_since, steps, answered, suppressed_by, suppressed_until, resolved_at, disposition)
    VALUES (%s, %s, 'vital_signs', 'attention', %s, now() - %s * interval '1 hour', now() - %s * interval '1 hour',
        now(), '{"text_zh": "收缩压 221 mmHg，不低于危险值 220", "text_en": "Systolic pressure 221 mmHg"}',
        date_trunc('hour', now()) - interval '75 hours', NULL, %s, %s, %s, %s::timestamptz, %s::timestamptz, %s)
    RETURNING id
"""


def settle(conn: psycopg.Connection) -> None:
    """Whatever other tests left is somebody's already, so that nothing else rings."""
    conn.execute(
        "UPDATE alert SET state = 'acknowledged', acknowledged_at = now(), asks_since = NULL WHERE state = 'open'"
    )


def put_on(desk: Desk, home: int) -> int:
    """What an engine leaves at the top of the ladder, of a pressure that was answered; another engine reads it."""
    where = desk.registry.homes[home], desk.registry.device(home, "blood_pressure_monitor")[0]
    with psycopg.connect(desk.site.owner_url) as conn:
        now = conn.execute("SELECT now()").fetchone()[0]
        conn.execute(INSERT, (*where, "resolved", 75, 75, 3, "attention", None, None, now, "real"))
        shown = conn.execute(
            INSERT, (*where, "open", 70, 70, 4, "attention", "goes_on", now.replace(year=now.year + 1), None, None)
        ).fetchone()[0]
        conn.execute("INSERT INTO alert_event (alert_id, at, kind) VALUES (%s, now(), 'suppressed')", (shown,))
    engine = desk.programs["engine"]
    engine.stop()
    engine.start()
    eventually(lambda: "ready: leading" in engine.tail())
    return shown


@pytest.fixture
def page(browser, desk):
    """An operator's board with the sound on, and a count of what it plays."""
    with psycopg.connect(desk.site.owner_url) as conn:
        settle(conn)
    with browser.new_context(locale="zh-CN") as context:
        context.add_init_script(LISTEN)
        context.clock.install()
        page = open_console(context, desk, "op1")
        page.wait_for_selector("[data-live]")
        page.mouse.click(5, 400)
        yield page


def place(page: Page, home: int):
    """(where what goes on is shown, where what waits is) for a home."""
    text = f"测试村{home + 1}号"
    return page.locator("[data-goes-on] [data-alert]", has_text=text), page.locator(
        ":is([data-strip], [data-list]) [data-rule=vital_signs]", has_text=text
    ).first


def test_what_goes_on_is_silent_in_its_own_place_and_aloud_when_it_gets_worse(desk, page):
    shown = put_on(desk, HOME)
    silent, aloud = place(page, HOME)
    expect(silent).to_be_visible(timeout=10000)
    expect(silent).to_contain_text("3 天")
    expect(silent.get_by_role("button", name="接警")).to_have_count(0)
    expect(page.locator("header")).to_contain_text("仍在持续 1")
    eventually(lambda: page.title() == title(desk.site))
    after(page, 6)
    assert not sounding(page), "it makes no sound"
    page.get_by_label("只看待接警").check()
    expect(silent).to_be_hidden()
    page.get_by_label("只看待接警").uncheck()

    page.goto(f"{desk.site.address}/homes/{desk.registry.homes[HOME]}")
    expect(page.locator("[data-goes-on]")).to_contain_text("仍在持续 3天")
    page.goto(f"{desk.site.address}/alerts/{shown}")
    expect(page.locator("[data-state]")).to_have_text("仍在持续")
    expect(page.locator("p[data-goes-on]")).to_contain_text("重新报警")
    page.goto(desk.site.address)
    expect(silent).to_be_visible(timeout=10000)

    desk.say(HOME, "blood_pressure_monitor", "telemetry", systolic=225)
    page.wait_for_timeout(2000)
    expect(silent).to_be_visible()
    desk.say(HOME, "blood_pressure_monitor", "telemetry", systolic=226)
    expect(aloud).to_be_visible(timeout=5000)
    expect(silent).to_have_count(0)
    expect(aloud.get_by_role("button", name="接警")).to_be_visible()
    eventually(lambda: page.title() == title(desk.site) != "值班台 · 守望")
    assert not begun(page, SIREN), "urgent is no emergency"
    page.mouse.click(5, 400)  # after a reload a browser wants a gesture before any sound
    desk.say(HOME, "sos_button", "event", sos=1)
    eventually(lambda: begun(page, SIREN) > 0)
    after(page, 11)  # the board has been left alone
    expect(page.locator("[data-list] [data-rule=vital_signs]")).to_contain_text("答复后仍未解除")


def test_taking_what_goes_on_makes_it_an_alert_like_any_other_and_english_says_so_too(desk, page):
    shown = put_on(desk, HOME + 1)
    silent, aloud = place(page, HOME + 1)
    page.click("[data-language]")
    expect(page.locator("[data-goes-on] h2")).to_contain_text("Still going on")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("() => document.documentElement.scrollWidth <= 390", timeout=3000)  # it fits a phone
    page.set_viewport_size({"width": 1366, "height": 768})
    page.locator("header").get_by_role("link", name="Ongoing").click()
    expect(silent).to_be_in_viewport()
    silent.locator(".title").click()
    page.wait_for_url(f"**/alerts/{shown}")
    page.click("[data-do=acknowledge]")
    expect(page.locator("[data-state]")).to_have_text("Acknowledged")
    page.wait_for_selector("html:not([data-settling])")
    page.get_by_role("link", name="Board").click()
    page.wait_for_selector("[data-strip]")
    after(page, 11)  # the board has been left alone
    page.evaluate("scrollTo(0, 0)")  # one had come back to where one was, at its end
    expect(aloud).to_contain_text("测试·op1")
    expect(silent).to_have_count(0)
