"""Logging in: slow for who guesses, over when it should be, and silent about which half was wrong."""

import hashlib
import logging
from datetime import UTC, datetime

import httpx
import pytest
from pydantic import ValidationError

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
