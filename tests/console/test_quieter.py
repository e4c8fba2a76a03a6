"""What makes a rule quieter has a place on the board, and a page that says which, where, why and until when."""

import re

import psycopg
import pytest
from playwright.sync_api import expect

from tests.console.test_reading_aloud import look, speak

PUT = """
    INSERT INTO policy (rule, field, home_id, value, quieter, reason, set_by, since, until, review_at)
    SELECT %s, %s, %s, %s, true, %s, id, now(), now() + interval '9 days', now() FROM account WHERE username = 'op2'
"""
WHY = "女儿接去同住，门常开；九日后回来"


@pytest.fixture
def eased(desk):
    home = desk.registry.homes[7]
    with psycopg.connect(desk.site.owner_url, autocommit=True) as conn:
        conn.execute(PUT, ("not_back", "away_hours", home, 48, WHY))
        conn.execute(PUT, ("water_leak", "on", home, 0, "传感器进水，已约厂商"))
        yield home
        conn.execute("DELETE FROM policy")


def test_the_board_counts_it_and_a_page_says_where_why_and_until_when(desk, first, eased):
    first.goto(desk.site.address)
    link = first.locator("header [data-quieter-count]")
    expect(link).to_have_text("规则放宽 2")
    link.click()
    rows = first.locator("[data-quieter]")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="外出未归")).to_contain_text("外出多久报警：48 小时")
    expect(rows.filter(has_text="外出未归")).to_contain_text(WHY)
    expect(rows.filter(has_text="漏水")).to_contain_text("规则开启：关闭")
    expect(rows.first).to_contain_text("测试·op2")
    expect(first).to_have_title(re.compile("规则放宽 · 守望$"))
    rows.first.get_by_role("link").click()
    first.wait_for_url(f"**/homes/{eased}/rules")


def test_where_nothing_is_quieter_the_board_says_nothing_and_the_page_says_so(desk, first):
    expect(first.locator("header [data-quieter-count]")).to_have_count(0)
    first.goto(f"{desk.site.address}/quieter")
    expect(first.locator(".page")).to_contain_text("现在没有放宽或关闭的规则")


def test_on_a_phone_it_is_in_the_menu_and_the_page_fits(desk, first, eased):
    first.set_viewport_size({"width": 390, "height": 844})
    first.goto(desk.site.address)
    first.locator("[data-menu]").click()
    first.get_by_role("link", name="规则放宽").click()
    expect(first.locator("[data-quieter]")).to_have_count(2)
    assert first.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(("theme", "language"), [("dark", "zh"), ("light", "en")])
def test_axe_finds_nothing_on_it(desk, first, eased, theme, language):
    speak(first, language)
    first.goto(f"{desk.site.address}/quieter")
    expect(first.locator("[data-quieter]")).to_have_count(2)
    assert look(first, theme, language) == []
