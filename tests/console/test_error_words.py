"""What goes wrong is told in the page's language, and in no other."""

import pytest
from playwright.sync_api import expect

WORDS = {
    "zh": ("登录失败：用户名或密码不正确", "登录失败：服务器没有回答"),
    "en": ("Login failed: wrong user name or password", "Login failed: the server did not answer"),
}


@pytest.mark.parametrize("language", WORDS)
def test_a_refusal_and_a_silence_are_told_in_the_pages_language(browser, desk, language):
    refused, silent = WORDS[language]
    with browser.new_context(base_url=desk.site.address) as context:
        context.add_init_script(f"localStorage.setItem('language', '{language}')")
        page = context.new_page()
        page.goto("/login")
        page.fill("[name=username]", "op1")
        page.fill("[name=password]", "a wrong one")
        page.click("[type=submit]")
        expect(page.get_by_text(refused, exact=True)).to_be_visible()
        page.route("**/api/v1/login", lambda route: route.abort())
        page.click("[type=submit]")
        expect(page.get_by_text(silent, exact=True)).to_be_visible()
