"""Logging in: slow for who guesses, over when it should be, and silent about which half was wrong."""

import hashlib
import logging
from datetime import UTC, datetime, timedelta

import pytest

from api.passwords import ADDRESS_FAILURES, FAILURES, LONGEST, PAUSE, REMEMBERED, Throttle
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


def test_guessing_over_many_names_is_slowed_down_too():
    throttle = Throttle()
    for number in range(ADDRESS_FAILURES):
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
