"""The cookie by which a browser is known again: ours alone, and for its time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.accounts.browsers import FORM, REMEMBERED, Browsers

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def finished(work):
    """The result of a coroutine that waits for nothing: the key is there."""
    with pytest.raises(StopIteration) as done:
        work.send(None)
    return done.value.value


@given(st.text(max_size=300) | st.from_regex(FORM, fullmatch=True))
def test_no_cookie_breaks_the_reading_of_it(cookie):
    browsers = Browsers(None)
    browsers._key = b"key"
    assert finished(browsers.known(cookie, NOW)) is None


def test_a_browser_is_known_for_its_time_and_not_longer():
    browsers = Browsers(None)
    browsers._key = b"key"
    cookie = browsers.cookie(browsers.remember(None, 1, "hash", NOW))
    assert finished(browsers.known(cookie, NOW + REMEMBERED - timedelta(seconds=1)))
    assert finished(browsers.known(cookie, NOW + REMEMBERED)) is None


def test_an_altered_or_foreign_cookie_makes_nobody_known():
    browsers, others = Browsers(None), Browsers(None)
    browsers._key, others._key = b"key", b"another"
    browser = browsers.remember(None, 1, "hash", NOW)
    cookie = browsers.cookie(browser)
    assert finished(browsers.known(cookie, NOW)) == browser
    for wrong in (cookie.replace(".1.", ".2.", 1), cookie[:-1] + ("0" if cookie[-1] != "0" else "1"), None, ""):
        assert finished(browsers.known(wrong, NOW)) is None
    assert finished(others.known(cookie, NOW)) is None


def test_a_browser_keeps_its_id_and_is_vouched_for_by_the_password_it_logged_in_with_alone():
    browsers = Browsers(None)
    browsers._key = b"key"
    first = browsers.remember(None, 1, "hash", NOW)
    again = browsers.remember(first, 2, "hash of another", NOW)
    assert (again.id, again.account) == (first.id, 2)
    assert browsers.vouched(first, "hash")
    assert not browsers.vouched(first, "a new password's")
    assert not browsers.vouched(first, None), "the account is disabled"
