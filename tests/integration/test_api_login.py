"""Logging in: slow for who guesses, over when it should be, and silent about which half was wrong."""

import asyncio
import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.accounts import browsers as known_browsers
from api.accounts.browsers import FORM, Browsers
from api.accounts.login import SHARE, WAITING, BusyError, CheckQueue
from api.accounts.passwords import FAILURES, LONGEST, NAMES, PAUSE, REMEMBERED, Throttle
from core.settings import Settings
from tests.api_service import CSRF, serving
from tests.registry import PASSWORD

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def service(database):
    with serving(database) as running:
        yield running


def try_login(client, username="op1", password=PASSWORD):
    return client.post("/api/v1/login", json={"username": username, "password": password})


def test_the_session_is_a_cookie_no_script_can_read_and_the_database_knows_only_its_hash(service):
    answer = try_login(service.client())
    header = answer.headers["set-cookie"].lower()
    assert all(word in header for word in ("httponly", "samesite=strict", "path=/"))
    token = answer.cookies["shouwang_session"]
    ((stored,),) = service.sql("SELECT token_hash FROM session")
    assert stored == hashlib.sha256(token.encode()).digest()
    account = answer.json()["account"]
    assert (account["username"], account["role"], account["area_name"]) == ("op1", "operator", "测试区")


def test_the_cookie_is_secure_unless_the_setting_says_no(database):
    with serving(database, homes=1) as service:
        assert "secure" not in try_login(service.client()).headers["set-cookie"].lower()


def test_a_wrong_password_an_unknown_name_and_a_disabled_account_look_alike(service):
    service.sql("UPDATE account SET disabled_at = now() WHERE username = 'op2'")
    client = service.client()
    answers = [try_login(client, "op1", "wrong"), try_login(client, "nobody"), try_login(client, "op2")]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1


def test_a_weak_hash_is_replaced_at_login(service):
    try_login(service.client())
    assert "m=65536" in service.sql("SELECT password_hash FROM account WHERE username = 'op1'")[0][0]
    assert try_login(service.client()).status_code == 200


def test_after_five_failures_even_the_right_password_must_wait(service):
    client = service.client()
    assert [try_login(client, password="wrong").status_code for _ in range(6)] == [401] * 5 + [429]
    answer = try_login(client)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 31
    assert try_login(client, "op2").status_code == 200  # a colleague at the same desk is not locked out


def guessed_wrong(client, times=6):
    return [try_login(client, password="wrong").status_code for _ in range(times)]


def test_strangers_behind_its_address_do_not_keep_a_known_browser_out(service):
    known = service.login("op1")
    assert guessed_wrong(service.client())[-1] == 429
    assert try_login(service.client()).status_code == 429  # another stranger waits
    assert try_login(known).status_code == 200
    assert try_login(known, "op2").status_code == 200  # two people, one desk


def test_a_known_browser_answers_for_its_own_guesses_whatever_its_address(service):
    known, cookies = service.login("op1"), {}
    cookies["shouwang_browser"] = known.cookies["shouwang_browser"]
    assert guessed_wrong(known) == [401] * 5 + [429]
    elsewhere = service.client(cookies=cookies, transport=httpx.HTTPTransport(local_address="127.0.0.9"))
    assert try_login(elsewhere).status_code == 429
    assert try_login(service.client()).status_code == 200


def spoilt(cookie):
    identity, account, expires, mark, signature = cookie.split(".")
    yield f"{identity}.{int(account) + 1}.{expires}.{mark}.{signature}"
    yield f"{identity}.{account}.{int(expires) + 1}.{mark}.{signature}"
    yield f"{identity}.{account}.{expires}.{mark}.{'0' * 64}"
    yield "nonsense"


def test_a_cookie_that_is_not_ours_makes_nobody_known(service):
    cookie = service.login("op1").cookies["shouwang_browser"]
    guessed_wrong(service.client())
    for bad in spoilt(cookie):
        assert try_login(service.client(cookies={"shouwang_browser": bad})).status_code == 429
    assert try_login(service.client(cookies={"shouwang_browser": cookie})).status_code == 200


@pytest.mark.parametrize("change", ["password_hash = password_hash || ' '", "disabled_at = now()"])
def test_a_browser_is_forgotten_with_the_password_of_the_account_that_vouched_for_it(service, change):
    known, shared = service.login("op1"), service.login("op1")
    assert try_login(shared, "op2").status_code == 200  # two people, one desk: op2 vouches from now on
    guessed_wrong(service.client())
    service.sql(f"UPDATE account SET {change} WHERE username = 'op2'")
    assert try_login(known).status_code == 200
    assert try_login(shared).status_code == 429


def finished(work):
    """The result of a coroutine, in a thread of its own: the browser of other tests keeps an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@given(st.text(max_size=300) | st.from_regex(FORM, fullmatch=True))
def test_no_cookie_breaks_the_reading_of_it(cookie):
    browsers = Browsers(None)
    browsers._key = b"key"
    assert finished(browsers.known(cookie, NOW)) is None


def test_a_browser_is_known_for_its_time_and_not_longer():
    browsers = Browsers(None)
    browsers._key = b"key"
    cookie = browsers.cookie(browsers.remember(None, 1, "hash", NOW))
    assert finished(browsers.known(cookie, NOW + known_browsers.REMEMBERED - timedelta(seconds=1)))
    assert finished(browsers.known(cookie, NOW + known_browsers.REMEMBERED)) is None


def test_a_forwarded_address_is_believed_from_a_proxy_that_is_named_only(database):
    with serving(database, homes=1) as service:
        for number in range(6):
            client = service.client(headers={"X-Forwarded-For": f"203.0.113.{number}"})
            status = try_login(client, password="wrong").status_code
        assert status == 429


def test_behind_a_named_proxy_each_client_has_its_own_address(database):
    with serving(database, homes=1, trusted_proxies="127.0.0.1, 10.0.0.0/8") as service:
        guesser = service.client(headers={"X-Forwarded-For": "203.0.113.1"})
        assert guessed_wrong(guesser)[-1] == 429
        other = service.client(headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.2, 10.1.1.1"})
        assert try_login(other).status_code == 200
        assert service.sql("SELECT address FROM session") == [("203.0.113.2",)]


@pytest.mark.parametrize("wrong", ["*", "proxy.example", "10.0.0.1/8"])
def test_who_is_believed_is_an_address_or_a_network(wrong):
    with pytest.raises(ValidationError):
        Settings(database_url="postgresql://x", trusted_proxies=wrong)


def test_logging_out_ends_the_session_and_leaves_others(service):
    one, two = service.login("op1"), service.login("op1")
    token = one.cookies["shouwang_session"]
    assert one.post("/api/v1/logout").status_code == 204
    stolen = service.client(headers={"Authorization": f"Bearer {token}"})
    assert stolen.get("/api/v1/me").status_code == 401
    assert two.get("/api/v1/me").status_code == 200


def test_a_session_ends_with_the_shift_and_with_the_account(service):
    one, two = service.login("op1"), service.login("op2")
    service.sql("UPDATE session SET expires_at = now() WHERE account_id = %s", service.registry.accounts["op1"])
    service.sql("UPDATE account SET disabled_at = now() WHERE username = 'op2'")
    assert one.get("/api/v1/me").status_code == 401
    assert two.get("/api/v1/me").status_code == 401


def test_no_password_is_logged(service, caplog):
    caplog.set_level(logging.DEBUG)
    client = service.client(headers=CSRF)
    try_login(client, password="a secret nobody may read")
    client.post("/api/v1/login", json={"username": "op1", "password": ["a secret nobody may read"]})
    assert "a secret nobody may read" not in caplog.text


def test_the_pause_doubles_up_to_its_limit_and_is_forgotten():
    throttle = Throttle()
    assert [throttle.attempt("a", "x", NOW) for _ in range(FAILURES)] == [None] * FAILURES
    now, pauses = NOW, []
    for _ in range(7):
        pauses.append(throttle.attempt("a", "x", now))
        now += pauses[-1]
        assert throttle.attempt("a", "x", now) is None
    assert pauses == [min(PAUSE * 2**n, LONGEST) for n in range(7)]
    assert throttle.attempt("a", "x", now + LONGEST * 2) is None
    assert throttle.attempt("a", "x", now + LONGEST * 2) is None


def test_how_often_a_colleague_fails_does_not_shut_out_others_behind_the_address():
    throttle, now = Throttle(), NOW
    for number in range(NAMES * 10):
        throttle.attempt(f"clumsy{number % (NAMES - 1)}", "x", now)
        now += LONGEST / NAMES  # the pauses are over now and then, so that the failures go on
    assert throttle.attempt("colleague", "x", now) is None


def test_guessing_over_many_names_is_slowed_down_too():
    throttle = Throttle()
    for number in range(NAMES):
        assert throttle.attempt(f"user{number}", "x", NOW) is None
    assert throttle.attempt("another", "x", NOW)
    assert throttle.attempt("another", "y", NOW) is None


def test_success_forgets_failures():
    throttle = Throttle()
    for _ in range(FAILURES * 3):
        assert throttle.attempt("a", "x", NOW) is None
        throttle.succeeded("a", "x")


def test_the_throttles_memory_is_bounded():
    throttle = Throttle()
    for number in range(REMEMBERED + 100):
        throttle.attempt("a", f"address{number}", NOW + timedelta(seconds=number))
    assert len(throttle._failed) <= REMEMBERED


def test_a_lane_is_bounded_and_nobody_takes_more_than_a_share_of_it():
    lane = CheckQueue("a lane")
    with ExitStack() as inside:
        for _ in range(SHARE):
            inside.enter_context(lane.place("greedy"))
        with pytest.raises(BusyError), lane.place("greedy"):
            pass
        for number in range(WAITING - SHARE):
            inside.enter_context(lane.place(f"other {number}"))
        with pytest.raises(BusyError), lane.place("one more"):
            pass
    with lane.place("greedy"):
        assert lane._inside == {"greedy": 1}  # and nobody who has left is remembered
    lane.close()
