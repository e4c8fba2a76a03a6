"""Sessions: what ends them, who may end them, and that a live stream ends with its session at once."""

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import psycopg
import pytest

from tests.api_service import CSRF, Stream, serving
from tests.registry import PASSWORD
from tests.waiting import eventually

IDLE = timedelta(minutes=30)
PROMPT = 2  # seconds in which a stream ends with its session


@pytest.fixture
def service(database):
    with serving(database, session_idle=IDLE) as running:
        yield running


def program(service, username="op1"):
    """A client with a bearer token, as `shouwang token add` makes it."""
    service.sql(
        "INSERT INTO session (token_hash, account_id, label, expires_at)"
        " SELECT %s, id, 'a program', now() + interval '1 year' FROM account WHERE username = %s",
        hashlib.sha256(b"token").digest(), username,
    )  # fmt: skip
    return service.client(headers={"Authorization": "Bearer token"})


def unused(service, minutes):
    service.sql("UPDATE session SET seen_at = now() - make_interval(mins => %s)", minutes)


def test_a_session_nobody_uses_ends_and_a_programs_token_does_not(service):
    client, token = service.login("op1"), program(service)
    unused(service, 29)
    assert client.get("/api/v1/me").status_code == 200
    unused(service, 31)
    assert client.get("/api/v1/me").status_code == 401
    assert token.get("/api/v1/me").status_code == 200


def test_use_is_written_down_once_a_minute(service):
    client = service.login("op1")
    unused(service, 10)
    client.get("/api/v1/me")
    ((first,),) = service.sql("SELECT seen_at FROM session")
    client.get("/api/v1/me")
    assert service.sql("SELECT seen_at, now() - seen_at < interval '1 minute' FROM session") == [(first, True)]


def test_a_quiet_night_before_an_open_board_does_not_end_at_the_login_page(service, monkeypatch):
    monkeypatch.setattr("api.events.routes.CHECK_EVERY", 0.2)
    monkeypatch.setattr("api.events.routes.PING", 0.1)
    client = service.login("op1")
    with Stream(client) as stream:
        unused(service, 600)  # so long as the database was away, say: the stream was open
        eventually(lambda: service.sql("SELECT now() - seen_at < interval '1 minute' FROM session") == [(True,)])
        assert client.get("/api/v1/me").status_code == 200
        assert not stream.ended.is_set()


def passed(service, **time):
    """So much time goes by: all that the session remembers lies so much further back."""
    by = timedelta(**time)
    service.sql(
        "UPDATE session SET created_at = created_at - %s, seen_at = seen_at - %s, expires_at = expires_at - %s",
        by, by, by,
    )  # fmt: skip


def until_it_ends(service, client, every):
    """Use the session once in `every`; the time it lasted."""
    used = timedelta()
    while client.get("/api/v1/me").status_code == 200:
        passed(service, seconds=every.total_seconds())
        used += every
    return used


def test_a_session_that_is_used_outlasts_the_shift_and_ends_a_day_after_the_login(service):
    lasted = until_it_ends(service, service.login("op1"), timedelta(minutes=29))
    assert timedelta(hours=24) <= lasted < timedelta(hours=24, minutes=29)


def test_a_session_ends_twelve_hours_after_its_last_use_though_a_stream_is_open(service, monkeypatch):
    monkeypatch.setattr("api.events.routes.CHECK_EVERY", 0.1)
    monkeypatch.setattr("api.events.routes.PING", 0.1)
    client = service.login("op1")
    with Stream(client) as stream:
        passed(service, hours=11, minutes=58)  # the stream keeps it from being idle, no more
        eventually(lambda: service.sql("SELECT now() - seen_at < interval '1 minute' FROM session") == [(True,)])
        assert not stream.ended.is_set()
        passed(service, minutes=3)
        assert stream.ended.wait(PROMPT)
    assert client.get("/api/v1/me").status_code == 401


def test_a_stream_tells_the_end_at_once_and_again_when_use_has_moved_it(service, monkeypatch):
    monkeypatch.setattr("api.events.routes.CHECK_EVERY", 0.1)
    monkeypatch.setattr("api.events.routes.PING", 0.1)
    client = service.login("op1")
    passed(service, minutes=5)
    ((before,),) = service.sql("SELECT expires_at FROM session")
    with Stream(client) as stream:
        assert ends(stream) == [before]
        time.sleep(0.4)  # several looks
        assert ends(stream) == []
        after = client.get("/api/v1/me").json()["session_ends_at"]
        assert datetime.fromisoformat(after) > before
        assert eventually(lambda: ends(stream)) == [datetime.fromisoformat(after)]


def ends(stream):
    return [datetime.fromisoformat(event.data["ends_at"]) for event in drained(stream) if event.kind == "session"]


def test_a_program_that_listens_is_told_its_end_and_no_use_moves_it(service):
    token = program(service)
    ((end,),) = service.sql("SELECT expires_at FROM session")
    with Stream(token) as stream:
        assert ends(stream) == [end]
    assert token.get("/api/v1/homes").status_code == 200
    assert service.sql("SELECT expires_at FROM session") == [(end,)]


def test_many_requests_at_once_renew_once(service):
    client = service.login("op1")
    passed(service, minutes=5)
    service.sql(
        "CREATE TABLE written (n int); CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
        " $$ BEGIN INSERT INTO written VALUES (1); RETURN NEW; END $$;"
        " CREATE TRIGGER note AFTER UPDATE ON session FOR EACH ROW EXECUTE FUNCTION note()"
    )
    with ThreadPoolExecutor(20) as threads:
        found = list(threads.map(lambda _: client.get("/api/v1/me").status_code, range(100)))
    assert found == [200] * 100
    assert service.sql("SELECT count(*) FROM written") == [(1,)]


def test_the_database_lets_nobody_give_a_browser_more_than_a_day(service):
    service.login("op1")
    with pytest.raises(psycopg.errors.CheckViolation):
        service.sql("UPDATE session SET expires_at = created_at + interval '24 hours 1 second'")


def test_a_clock_that_was_ahead_for_a_while_ends_no_session_and_prolongs_none(service):
    """It was a day ahead at the login, and is right again."""
    client = service.login("op1")
    passed(service, days=-1)
    answer = client.get("/api/v1/me").json()
    hours = (datetime.fromisoformat(answer["session_ends_at"]) - datetime.now(UTC)) / timedelta(hours=1)
    assert 11.9 < hours <= 12
    unused(service, 31)
    assert client.get("/api/v1/me").status_code == 401


def test_a_forged_change_renews_nothing(service):
    client = service.login("op1")
    passed(service, minutes=5)
    forged = service.client(cookies=dict(client.cookies))
    (before,) = service.sql("SELECT seen_at, expires_at FROM session")
    assert forged.post("/api/v1/logout").status_code == 403
    assert service.sql("SELECT seen_at, expires_at FROM session") == [before]


def test_the_cookie_lives_as_long_as_the_session_may(service):
    answer = service.client().post("/api/v1/login", json={"username": "op1", "password": PASSWORD})
    told = next(part for part in answer.headers["set-cookie"].split("; ") if part.startswith("expires="))
    hours = (parsedate_to_datetime(told.removeprefix("expires=")) - datetime.now(UTC)) / timedelta(hours=1)
    assert 23.9 < hours <= 24
    account = answer.json()["account"]
    ends, now = (datetime.fromisoformat(account[name]) for name in ("session_ends_at", "now"))
    assert ends - now == timedelta(hours=12)
    assert account["zone"] == "Asia/Shanghai"


ENDS = {
    "logout": lambda service, client: client.post("/api/v1/logout"),
    "ended by its owner": lambda service, client: service.login("op1").delete("/api/v1/sessions"),
    "disabled": lambda service, _: service.sql("UPDATE account SET disabled_at = now() WHERE username = 'op1'"),
    "another area": lambda service, _: service.sql("UPDATE account SET area = 'qu.zhen' WHERE username = 'op1'"),
    "another role": lambda service, _: service.sql(
        "UPDATE account SET role = 'vendor', area = NULL, vendor_id = (SELECT min(id) FROM vendor)"
        " WHERE username = 'op1'"
    ),
    "a new password": lambda service, _: service.sql(
        "WITH changed AS (UPDATE account SET password_hash = 'x' WHERE username = 'op1' RETURNING id)"
        " DELETE FROM session WHERE account_id = (SELECT id FROM changed)"
    ),
}


@pytest.mark.parametrize("what", ENDS)
def test_a_stream_ends_within_two_seconds_of(service, what):
    client, other = service.login("op1"), service.login("op2")
    with Stream(client) as stream, Stream(other) as bystander:
        again = service.client(headers=CSRF, cookies=dict(client.cookies))
        ENDS[what](service, again)
        begun = time.monotonic()
        assert stream.ended.wait(PROMPT)
        assert time.monotonic() - begun < PROMPT
        service.raise_alert()
        bystander.alerts(1)
    assert not [event for event in drained(stream) if event.kind == "alert"]


def drained(stream):
    return [stream.events.get_nowait() for _ in range(stream.events.qsize())]


def test_a_notice_that_was_lost_is_made_up_for_by_looking_now_and_then(service, monkeypatch):
    monkeypatch.setattr("api.events.routes.CHECK_EVERY", 0.2)
    monkeypatch.setattr("api.events.routes.PING", 0.1)
    with Stream(service.login("op1")) as stream:
        service.sql("ALTER TABLE session DISABLE TRIGGER session_over")
        service.sql("DELETE FROM session")
        assert stream.ended.wait(5)


def test_my_sessions_are_listed_with_where_and_when_and_no_key_to_them(service):
    phone = service.client(headers={**CSRF, "User-Agent": "a phone"})
    phone.post("/api/v1/login", json={"username": "op1", "password": "correct horse"})
    desk = service.login("op1")
    program(service)
    service.login("op2")
    items = desk.get("/api/v1/sessions").json()["items"]
    assert {(item["agent"], item["label"], item["current"]) for item in items} == {
        ("a phone", None, False), (desk.headers["user-agent"], None, True), ("", "a program", False),
    }  # fmt: skip
    assert {item["address"] for item in items} == {"127.0.0.1", ""}
    assert set(items[0]) == {"id", "label", "agent", "address", "created_at", "seen_at", "expires_at", "current"}


def test_what_a_browser_says_of_itself_is_bounded(service):
    client = service.client(headers={"User-Agent": b"x" * 5000 + b"\xfc"})
    assert client.post("/api/v1/login", json={"username": "op1", "password": "correct horse"}).status_code == 200
    assert service.sql("SELECT length(agent) FROM session") == [(200,)]


def test_one_of_my_sessions_is_ended_and_nobody_elses(service):
    desk, phone, colleague = service.login("op1"), service.login("op1"), service.login("op2")
    (mine,) = [item["id"] for item in desk.get("/api/v1/sessions").json()["items"] if not item["current"]]
    assert colleague.delete(f"/api/v1/sessions/{mine}").status_code == 404
    assert phone.get("/api/v1/me").status_code == 200
    assert desk.delete(f"/api/v1/sessions/{mine}").status_code == 204
    assert desk.delete(f"/api/v1/sessions/{mine}").status_code == 404
    assert [client.get("/api/v1/me").status_code for client in (desk, phone, colleague)] == [200, 401, 200]


def test_all_others_are_ended_but_a_programs_token(service):
    desk, token = service.login("op1"), program(service)
    others = [service.login("op1") for _ in range(3)]
    assert desk.delete("/api/v1/sessions").json() == {"ended": 3}
    assert [client.get("/api/v1/me").status_code for client in (desk, token, *others)] == [200, 200, 401, 401, 401]


def test_an_account_and_the_service_have_so_many_streams_and_say_so(database):
    with serving(database, streams_per_account=2, streams=3) as service:
        one, two = service.login("op1"), service.login("op2")
        with Stream(one), Stream(one) as second:
            answer = one.get("/api/v1/events")
            assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many_streams")
            with Stream(two):
                answer = two.get("/api/v1/events")
                assert (answer.status_code, answer.json()["error"]["code"]) == (503, "too_many_streams")
            second.__exit__()
            eventually(lambda: "shouwang_sse_clients 1.0" in service.metrics())
            with Stream(one):
                pass  # a place that was given back is free
