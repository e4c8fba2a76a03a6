"""What the tests of the board share: alerts put into the database as an engine would, and where they stand."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.console.conftest import Desk, open_console

INSERT = """
    INSERT INTO alert (home_id, device_id, rule, severity, occurred_at, opened_at, last_at, evidence, late, count,
        asks_since, last_value, peak_value, episode_at)
    SELECT %(home)s, %(device)s, %(rule)s, %(severity)s, at, opened, now(), %(evidence)s, %(late)s, %(count)s,
        opened, %(last)s, %(peak)s, opened
    FROM (SELECT now() - %(ago)s * interval '1 second' AS at,
                 now() - %(opened)s * interval '1 second' AS opened) AS moment
    RETURNING id
"""
STEP = "INSERT INTO alert_event (alert_id, at, kind, data) VALUES (%s, now(), %s, '{}')"


def sql(desk: Desk, text: str, *values: Any) -> list[tuple]:
    """Run a statement as the schema's owner."""
    with psycopg.connect(desk.site.owner_url) as conn:
        cursor = conn.execute(text, values)
        return cursor.fetchall() if cursor.description else []


def put(
    desk: Desk, home: int, rule: str = "sos", severity: str = "emergency", *, ago: float = 0,
    opened: float | None = None, say: bool = True, late: bool = False, count: int = 1, last: float | None = None,
    peak: float | None = None, **evidence: Any,
) -> int:  # fmt: skip
    """An alert of a home that happened `ago` seconds ago; `say`: the stream brings it."""
    evidence = {"text_zh": "按下了紧急呼叫", "text_en": "The button was pressed", **evidence}
    row = {
        "home": desk.registry.homes[home], "device": desk.registry.device(home, "sos_button")[0], "rule": rule,
        "severity": severity, "evidence": json.dumps(evidence), "late": late, "count": count, "last": last,
        "peak": peak, "ago": ago, "opened": ago if opened is None else opened,
    }  # fmt: skip
    with psycopg.connect(desk.site.owner_url) as conn:
        found = conn.execute(INSERT, row).fetchone()
        assert found
        if say:
            conn.execute(STEP, (found[0], "opened"))
    return int(found[0])


def ask_again(desk: Desk, alert: int) -> None:
    """The same cry once more."""
    with psycopg.connect(desk.site.owner_url) as conn:
        conn.execute("UPDATE alert SET count = count + 1, last_at = now(), asks_since = now() WHERE id = %s", (alert,))
        conn.execute(STEP, (alert, "raised"))


def close_all(desk: Desk) -> None:
    """An empty board."""
    with psycopg.connect(desk.site.owner_url) as conn:
        conn.execute(
            "WITH gone AS (UPDATE alert SET state = 'resolved', resolved_at = now(), disposition = 'test',"
            " asks_since = NULL, suppressed_by = NULL, suppressed_until = NULL WHERE state <> 'resolved' RETURNING id)"
            " INSERT INTO alert_event (alert_id, at, kind) SELECT id, now(), 'resolved' FROM gone"
        )


def states(desk: Desk, *ids: int) -> list[str]:
    """How alerts stand in the database."""
    found = dict(sql(desk, "SELECT id, state FROM alert WHERE id = ANY(%s)", list(ids)))
    return [found[one] for one in ids]


def row(page: Page, alert: int) -> Locator:
    """An alert's row in the still list."""
    return page.locator(f"[data-alert='{alert}']")


def news(page: Page, alert: int) -> Locator:
    """An alert's line in the strip."""
    return page.locator(f"[data-news='{alert}']")


def claim(place: Locator) -> Locator:
    """The button that claims the alert of a row or a line."""
    return place.locator("[data-do=claim]")


def middle(place: Locator) -> tuple[float, float]:
    """Where one clicks to hit it."""
    box = place.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def settled(page: Page) -> None:
    """Wait until the page takes actions again."""
    page.wait_for_selector("html:not([data-settling])")


def places(page: Page) -> dict[int, tuple[float, float]]:
    """(y, height) of every row in the page."""
    found = page.evaluate(
        "[...document.querySelectorAll('[data-alert]')].map(e => [+e.dataset.alert,"
        " e.getBoundingClientRect().y, e.getBoundingClientRect().height])"
    )
    return {int(alert): (y, height) for alert, y, height in found}


def after(page: Page, seconds: float) -> None:
    """So much later, by the page's clock."""
    page.clock.fast_forward(int(seconds * 1000))


LOGGED_IN: dict[tuple[str, str], Any] = {}  # (address, username): its cookies, so that only the first board logs in


def still_in(browser: Browser, address: str, username: str) -> bool:
    """Whether the login that was kept still holds: other tests end sessions."""
    with browser.new_context(storage_state=LOGGED_IN[address, username]) as context:
        return context.request.get(f"{address}/api/v1/me").ok


def board(browser: Browser, desk: Desk, username: str = "op1", path: str = "/", **options: Any) -> Iterator[Page]:
    """An operator's board whose clock a test can put forward."""
    key = (desk.site.address, username)
    options = {"locale": "zh-CN", "viewport": {"width": 1366, "height": 768}, **options}
    if key not in LOGGED_IN or not still_in(browser, *key):
        with browser.new_context() as context:
            open_console(context, desk, username).wait_for_selector("[data-live]")
            LOGGED_IN[key] = context.storage_state()
    with browser.new_context(storage_state=LOGGED_IN[key], **options) as context:
        context.clock.install()
        page = context.new_page()
        page.goto(desk.site.address + path)
        page.wait_for_selector("[data-live]")
        yield page


@pytest.fixture
def clean(desk: Desk) -> Iterator[None]:
    """Nothing stands before and after."""
    close_all(desk)
    yield
    close_all(desk)


def shown(page: Page, *ids: int) -> None:
    """Wait until all these have their row in the list."""
    for alert in ids:
        expect(row(page, alert)).to_be_visible()
