"""The live feed reaches every console once, in order, through every kind of interruption."""

import json
import random
import socket
import threading
import time

import httpx
import psycopg
import pytest

from tests.api_service import CSRF, Stream, serving, wait_for


@pytest.fixture
def service(database):
    with serving(database) as started:
        yield started


def test_an_alert_is_on_a_console_within_a_second(service):
    with Stream(service.login("op1")) as stream:
        begun = time.time()
        alert_id = service.raise_alert()
        (event,) = stream.alerts(1, seconds=1)
    assert event.data["alert"]["id"] == alert_id
    assert event.data["event"] == {**event.data["event"], "kind": "opened", "id": event.id, "actor": None}
    assert event.data["alert"]["home"]["person_name"] == "测试·老人1"
    assert event.at - begun < 1


def test_a_second_operator_sees_who_took_it(service):
    alert_id = service.raise_alert()
    with Stream(service.login("op2")) as stream:
        service.login("op1").post(f"/api/v1/alerts/{alert_id}/acknowledge")
        (event,) = stream.alerts(1)
    assert event.data["event"]["actor"]["name"] == "测试·op1"
    assert event.data["alert"]["state"] == "acknowledged"


def test_a_console_of_another_area_gets_nothing(service):
    service.other_area()
    with Stream(service.login("far")) as far, Stream(service.login("op1")) as near:
        service.raise_alert()
        near.alerts(1)
        time.sleep(0.3)  # what must not arrive has had far longer than what did
        kinds = [far.events.get_nowait().kind for _ in range(far.events.qsize())]
    assert "alert" not in kinds


@pytest.mark.parametrize("way", ["header", "query"])
def test_a_reconnect_gets_what_was_missed_and_nothing_twice(service, way):
    client = service.login("op1")
    with Stream(client) as stream:
        service.raise_alert()
        (seen,) = stream.alerts(1)
    missed = [service.raise_alert(0, f"rule{number}") for number in range(3)]
    again = {"headers": {"Last-Event-ID": str(seen.id)}} if way == "header" else {"params": {"last_event_id": seen.id}}
    with Stream(client, **again) as stream:
        later = service.raise_alert(1)
        events = stream.alerts(4)
        time.sleep(0.2)
        assert all(stream.events.get().kind == "health" for _ in range(stream.events.qsize()))
    assert [event.data["alert"]["id"] for event in events] == [*missed, later]


def test_a_console_that_saw_no_event_yet_still_misses_nothing(service):
    service.raise_alert()
    client = service.login("op1")
    with Stream(client) as stream:
        last = stream.last_id
    assert last == service.sql("SELECT max(id) FROM alert_event")[0][0]
    missed = service.raise_alert(1)
    with Stream(client, headers={"Last-Event-ID": str(last)}) as stream:
        assert stream.alerts(1)[0].data["alert"]["id"] == missed


def test_an_id_from_the_future_does_not_mute_the_stream(service):
    with Stream(service.login("op1"), headers={"Last-Event-ID": "999999999"}) as stream:
        service.raise_alert()
        stream.alerts(1)


def test_no_gap_and_no_repeat_between_catching_up_and_live(service):
    """Consoles connect at random moments while events pour in from several writers, some of them slow to commit."""
    alert_id = service.raise_alert()
    start = service.sql("SELECT max(id) FROM alert_event")[0][0]
    client, total = service.login("op1"), 120

    def write(count):
        with psycopg.connect(service.database.url("engine"), autocommit=True) as conn:
            for number in range(count):
                with conn.transaction():
                    service.add_event(conn, alert_id, "raised")
                    time.sleep(random.random() * (0.03 if number % 10 == 0 else 0.003))

    writers = [threading.Thread(target=write, args=(total // 3,)) for _ in range(3)]
    streams = []
    for thread in writers:
        thread.start()
    for _ in range(6):
        time.sleep(random.random() * 0.1)
        stream = Stream(client, params={"last_event_id": start})
        stream._thread.start()
        streams.append(stream)
    for thread in writers:
        thread.join()
    expected = [row[0] for row in service.sql("SELECT id FROM alert_event WHERE id > %s ORDER BY id", start)]
    for stream in streams:
        assert [event.id for event in stream.alerts(total)] == expected
        stream.__exit__()


def test_the_feed_survives_its_database_connection(service):
    with Stream(service.login("op1")) as stream:
        service.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name LIKE 'api%%' AND datname = current_database()"
        )
        ids = [service.raise_alert(0), service.raise_alert(1)]
        assert [event.data["alert"]["id"] for event in stream.alerts(2)] == ids


def test_a_client_that_does_not_read_is_cut_off_and_others_are_not_held_up(service, monkeypatch):
    monkeypatch.setattr("api.connections.STALLED", 10.0)
    alert_id = service.raise_alert()
    client = service.login("op1")
    token = client.cookies["shouwang_session"]
    address = ("127.0.0.1", httpx.URL(service.url).port)
    with socket.socket() as slow, Stream(client) as stream:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(address)
        slow.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: t\r\nAuthorization: Bearer %s\r\n\r\n" % token.encode())
        wait_for(lambda: "shouwang_sse_clients 2.0" in service.metrics())
        ballast = json.dumps({"ballast": "很长" * 750})
        with psycopg.connect(service.database.url("engine")) as conn:
            for _ in range(3000):
                conn.execute(
                    "INSERT INTO alert_event (alert_id, at, kind, data) VALUES (%s, now(), 'raised', %s)",
                    (alert_id, ballast),
                )
        assert len(stream.alerts(3000, seconds=30)) == 3000
        wait_for(lambda: "shouwang_sse_slow_clients_total 1.0" in service.metrics(), 30)
        wait_for(lambda: "shouwang_sse_clients 1.0" in service.metrics(), 30)  # its connection is gone, too


def test_health_comes_at_once_and_when_it_changes(service):
    with Stream(service.login("op1")) as stream:
        assert stream.next("health").data["status"] == "down"
        for process in ("engine/0", "ingest/1"):
            service.sql(
                "INSERT INTO heartbeat (process, at, detail) VALUES (%s, now() + interval '1 minute',"
                " '{\"connected\": true}')", process, program="engine",
            )  # fmt: skip
        statuses = set()
        while "ok" not in statuses:
            statuses.add(stream.next("health").data["status"])


def test_a_logged_out_session_loses_its_stream(service, monkeypatch):
    monkeypatch.setattr("api.events.routes.CHECK_EVERY", 0.2)
    monkeypatch.setattr("api.events.routes.PING", 0.1)
    client = service.login("op1")
    with Stream(client) as stream:
        other = service.client(headers=CSRF, cookies=dict(client.cookies))
        assert other.post("/api/v1/logout").status_code == 204
        assert stream.ended.wait(5)


def test_streams_end_promptly_when_the_server_stops(database):
    with serving(database) as service:
        stream = Stream(service.login("op1"))
        stream.__enter__()
        begun = time.monotonic()
    assert time.monotonic() - begun < 4
    assert stream.ended.wait(1)
    stream.__exit__()
