"""The desk's sounds: which, when, and that they go on where nobody looks."""

import itertools
import time
from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.conftest import FLAGS, answer, open_console
from tests.console.hearing import AWAKE, CHIME, LISTEN, SIREN, THROTTLED, Tab, begun, sounding
from tests.console.standing import title
from tests.waiting import eventually

HOMES = itertools.count(14)
# An urgent alert as the engine opens one.
URGENT = """
    INSERT INTO alert (home_id, rule, severity, state, occurred_at, opened_at, last_at, evidence, episode_at)
    VALUES (%s, 'water_leak', 'urgent', 'open', now(), now(), now(), '{"text_zh": "漏水", "text_en": "Water"}', now())
    RETURNING id
"""


@pytest.fixture
def quiet(desk):
    """Nothing rings when the test begins."""
    with psycopg.connect(desk.site.owner_url) as conn:
        conn.execute(
            "UPDATE alert SET state = 'acknowledged', asks_since = NULL, acknowledged_at = now() WHERE state = 'open'"
        )


@pytest.fixture
def page(browser, desk, quiet):
    """A board that has just been loaded: nobody has clicked on it yet."""
    with browser.new_context(locale="zh-CN") as context:
        context.add_init_script(LISTEN)
        page = open_console(context, desk, "op1")
        page.wait_for_selector("[data-live]")
        yield page


def urgent(desk, home: int) -> None:
    """Open an urgent alert as the engine does."""
    with psycopg.connect(desk.site.owner_url) as conn:
        alert = conn.execute(URGENT, (desk.registry.homes[home],)).fetchone()[0]
        conn.execute("INSERT INTO alert_event (alert_id, at, kind) VALUES (%s, now(), 'opened')", (alert,))


def eventually_sounding(page: Page, *wanted: float) -> None:
    """Until exactly these loops play."""
    eventually(lambda: [length for length, _ in sounding(page)] == list(wanted), 5)


def test_a_login_by_enter_turns_the_sound_on_with_a_test_tone(browser, desk, quiet):
    with browser.new_context(locale="zh-CN") as context:
        context.add_init_script(LISTEN)
        page = context.new_page()
        page.goto(desk.site.address)
        page.fill("[name=username]", "op1")
        page.fill("[name=password]", "correct horse")
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-live]")
        expect(page.locator("[data-mute]")).to_be_visible()
        expect(page.locator("[data-notice=sound]")).to_have_count(0)
        eventually(lambda: page.evaluate("played.length === 1 && !played[0].loop && played[0].seconds < 1"), 5)


def test_after_a_reload_a_red_bar_says_the_sound_is_off_until_it_is_on(desk, page):
    page.reload()
    page.wait_for_selector("[data-live]")
    bar = page.locator("[data-notice=sound].bad")
    expect(bar).to_contain_text("报警声未开启")
    before = page.locator("main").bounding_box()
    bar.get_by_role("button", name="点此开启").click()
    expect(bar).to_have_count(0)
    assert page.locator("main").bounding_box() == before
    eventually(lambda: page.evaluate("played.length === 1"), 5)


def test_an_emergency_rings_until_answered_and_a_new_one_breaks_the_mute(desk, page):
    home, other = next(HOMES), next(HOMES)
    desk.say(home, "sos_button", "event", sos=1)
    eventually_sounding(page, SIREN)
    expect(page.locator("[data-count=emergency]")).to_contain_text("1")
    eventually(lambda: page.title() == title(desk.site) != "值班台 · 守望")
    page.keyboard.press("m")
    eventually(lambda: page.evaluate("played.at(-1).in > 100"), 5)
    assert sounding(page) == [[SIREN, 120]]  # it comes back by itself, by the audio clock
    desk.say(other, "sos_button", "event", sos=1)
    eventually(lambda: page.evaluate("played.at(-1).in < 1"), 5)
    assert sounding(page) == [[SIREN, 0]]
    for one in (home, other):
        answer(page, one)
    eventually_sounding(page)
    eventually(lambda: page.title() == title(desk.site))


def test_an_urgent_alert_has_a_softer_sound_every_five_minutes_and_the_siren_goes_before(desk, page):
    urgent(desk, next(HOMES))
    eventually_sounding(page, CHIME)
    urgent(desk, next(HOMES))
    eventually(
        lambda: page.evaluate("played.filter((one) => one.seconds === 300).length === 2"), 5
    )  # a new one is heard at once
    eventually_sounding(page, CHIME)
    home = next(HOMES)
    desk.say(home, "sos_button", "event", sos=1)
    eventually_sounding(page, SIREN)
    answer(page, home)
    eventually_sounding(page, CHIME)
    assert begun(page, CHIME) == 3


LOGIN = """fetch('/api/v1/login', { method: 'POST', headers: { 'X-Shouwang': '1', 'Content-Type': 'application/json' },
  body: JSON.stringify({ username: 'op1', password: 'correct horse' }) }).then(() => { location.href = '/' })"""
CLICK = "window.dispatchEvent(new PointerEvent('pointerdown'))"
HOUR = """(async () => {
  const { node } = played.find((one) => one.loop);
  const hour = new OfflineAudioContext(1, 3600 * 3000, 3000);
  const source = new AudioBufferSourceNode(hour, { buffer: node.buffer, loop: node.loop });
  source.connect(hour.destination);
  source.start();
  const wave = (await hour.startRendering()).getChannelData(0);
  const loudest = [];
  for (let at = 0; at < 3600; at += 2.5) {
    let most = 0;
    for (const one of wave.subarray(at * 3000, (at + 2.5) * 3000)) most = Math.max(most, one);
    loudest.push(most);
  }
  return [loudest.length, Math.min(...loudest)];
})()"""


def _ticks(tab: Tab) -> int:
    """How often a timer of 100 ms came within two seconds."""
    tab.evaluate("ticks = 0")
    time.sleep(2)
    return tab.evaluate("ticks")


@pytest.fixture
def throttled(playwright) -> Iterator[Browser]:
    """A Chromium that slows the timers of hidden pages, as an operator's does."""
    chromium = playwright.chromium.launch(
        executable_path="/usr/bin/chromium", args=[*FLAGS, *THROTTLED], ignore_default_args=list(AWAKE)
    )
    yield chromium
    chromium.close()


def test_the_siren_starts_and_holds_in_a_hidden_tab_with_throttled_timers(throttled, desk, quiet):
    """It starts by the stream's word and is one loop of the audio device from then on: an hour of it is played fast.

    Chromium lets a hidden page's timers come once a second while it may sound, and once a minute otherwise.
    """
    board = Tab(throttled, desk.site.address)
    board.wait("document.querySelector('[name=username]')")
    board.evaluate(LOGIN)
    board.wait("document.querySelector('[data-live]')")
    board.evaluate(CLICK)
    board.wait("document.querySelector('[data-mute]')")
    board.evaluate("window.ticks = 0; setInterval(() => (window.ticks += 1), 100)")
    Tab(throttled, "about:blank").show()
    board.wait("document.hidden")
    assert _ticks(board) < 5, "the page's timers are not throttled: this would prove nothing"

    desk.say(next(HOMES), "sos_button", "event", sos=1)
    board.wait("played.some((one) => one.loop && one.seconds === 2.5)", 3)
    assert board.evaluate("document.hidden")
    heard = []
    for _ in range(10):
        time.sleep(0.5)
        heard.append(board.evaluate("loudness()"))
    assert all(max(heard[at : at + 5]) > 0.2 for at in range(len(heard) - 4)), heard
    assert board.evaluate("played.filter((one) => one.loop).length") == 1, "it is one sound that goes on"
    bursts, quietest = board.evaluate(HOUR)
    assert bursts == 1440
    assert quietest > 0.2
