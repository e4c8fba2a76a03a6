"""The program itself: health, metrics, headers, the console's files, failures nobody foresaw, start and stop."""

import logging
import socket
import threading
from datetime import UTC, datetime

import httpx
import psycopg
import pytest

from api import console
from api.alerts import store as alerts
from api.server import run
from core.settings import Settings
from tests.api_service import Stream, serving
from tests.waiting import eventually

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def service(database):
    with serving(database) as running:
        yield running


def test_health_is_asked_of_the_database(service):
    client = service.login("op1")
    assert client.get("/api/v1/health").json()["status"] == "down"
    for process in ("engine/0", "ingest/1"):
        service.sql(
            "INSERT INTO heartbeat VALUES (%s, now(), '{\"connected\": true}')", process, program="engine"
        )  # fmt: skip
    assert client.get("/api/v1/health").json()["status"] == "ok"


def test_metrics_count_by_route_and_tell_nothing_personal(service):
    alert_id = service.raise_alert()
    service.sql("INSERT INTO heartbeat VALUES ('ingest/1', now(), '{\"connected\": true, \"received\": 7}')")
    client = service.login("op1")
    client.get(f"/api/v1/alerts/{alert_id}")
    client.get("/api/v1/homes", params={"q": "老人"})
    text = service.metrics()
    for line in (
        'shouwang_http_requests_total{method="GET",route="/api/v1/alerts/{alert_id}",status="200"} 1.0',
        'shouwang_alerts_active{severity="emergency",state="open"} 1.0',
        'shouwang_ingest_received_total{worker="1"} 7.0',
        'shouwang_heartbeat_age_seconds{process="ingest/1"}',
        "shouwang_unjudged_batches 0.0", "shouwang_unjudged_age_seconds 0.0", "shouwang_database_up 1.0",
    ):  # fmt: skip
        assert line in text
    assert "老人" not in text


def test_every_answer_has_the_security_headers(service):
    for path in ("/", "/api/v1/me", "/api/nothing"):
        headers = service.client().get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers
        page = headers.get("content-type", "").startswith("text/html")
        assert ("script-src 'self';" if page else "default-src 'none';") in headers["content-security-policy"]
        assert ("cross-origin-opener-policy" in headers, page) in ((True, True), (False, False))
    assert service.client().get("/api/v1/me").headers["cache-control"] == "no-store"


def test_a_page_that_has_not_changed_keeps_its_policy(service):
    """A browser takes the policy from the answer that says so: with another one it shows a white page."""
    client = service.client()
    first = client.get("/")
    again = client.get("/", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    assert again.headers["content-security-policy"] == first.headers["content-security-policy"]


def test_the_reference_lists_every_route_without_foreign_scripts(service):
    page = httpx.get(f"{service.ops}/api/docs").text
    assert "/api/v1/alerts/{alert_id}/acknowledge" in page
    assert "<script" not in page


def test_metrics_and_the_document_are_on_a_listener_of_their_own(service):
    """Nothing of the site's own is on the public side, and nothing of the public side on the site's."""
    client = service.login("op1")
    for path in ("/metrics", "/api/docs", "/api/openapi.json"):
        assert httpx.get(f"{service.ops}{path}").status_code == 200
        assert "shouwang_http" not in client.get(path).text
        assert "/api/v1/alerts/{alert_id}" not in client.get(path).text
    assert httpx.post(f"{service.ops}/api/v1/login", json={}).status_code == 404
    assert httpx.get(f"{service.ops}/healthz").headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("https", [True, False])
def test_where_there_is_https_browsers_come_back_by_it_only(database, https):
    with serving(database, homes=1, cookie_secure=https) as service:
        answer = service.client().get("/healthz")
        assert ("strict-transport-security" in answer.headers) is https


def test_without_a_built_console_a_page_says_how_to_build_it(service, tmp_path, monkeypatch):
    monkeypatch.setattr(console, "STATIC", tmp_path)
    answer = service.client().get("/")
    assert (answer.status_code, "npm" in answer.text) == (200, True)


def test_the_console_is_served_with_its_own_addresses(service, tmp_path, monkeypatch):
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html>index")
    (static / "assets" / "app-1a2b.js").write_text("app")
    (tmp_path / "secret").write_text("secret")
    monkeypatch.setattr(console, "STATIC", static)
    client = service.client()
    for path in ("/", "/alerts/7", "/homes"):
        answer = client.get(path)
        assert (answer.text, answer.headers["cache-control"]) == ("<!doctype html>index", "no-cache")
    asset = client.get("/assets/app-1a2b.js")
    assert (asset.text, "immutable" in asset.headers["cache-control"]) == ("app", True)
    index = client.get("/")
    assert client.get("/", headers={"If-None-Match": index.headers["etag"]}).status_code == 304
    assert client.head("/").status_code == 200
    assert client.get("/assets/gone.js").status_code == 404
    for path in ("/..%2fsecret", "/%2e%2e/secret", "/assets/..%2f..%2fsecret", "/%00"):
        assert "secret" not in client.get(path).text


def test_an_unforeseen_error_gives_an_id_and_the_log_says_where_without_what(service, caplog, monkeypatch):
    def broken(*_):
        raise psycopg.errors.UniqueViolation("Key (name)=(测试·张桂兰) already exists")

    monkeypatch.setattr(alerts, "summary", broken)
    answer = service.login("op1").get("/api/v1/alerts/summary")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (500, "internal")
    assert error["details"]["id"] in caplog.text
    assert "UniqueViolation" in caplog.text
    assert "alerts/routes.py" in caplog.text
    assert "张桂兰" not in caplog.text + answer.text


def test_a_lost_database_connection_is_mended_before_the_next_request(service):
    client = service.login("op1")
    service.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'api' AND datname = current_database()"
    )
    assert client.get("/api/v1/me").status_code == 200


def test_while_the_database_is_away_health_and_requests_say_so(service, cluster, monkeypatch):
    monkeypatch.setattr("api.events.routes.CHECK_EVERY", 0.2)
    client, name = service.login("op1"), service.database.name
    with Stream(client) as stream:
        cluster.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        cluster.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        assert client.get("/healthz").status_code == 503
        assert "shouwang_database_up 0.0" in service.metrics()
        answer = client.get("/api/v1/me")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
        codes = set()
        while "database_unreachable" not in codes:
            codes |= {problem["code"] for problem in stream.next("health").data["problems"]}
        cluster.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
        eventually(lambda: client.get("/api/v1/me").status_code == 200, 20)
        alert_id = service.raise_alert()
        assert stream.alerts(1)[0].data["alert"]["id"] == alert_id  # on the same connection, without a reload


def test_many_at_once_are_all_answered(service):
    """More requests than threads and connections: none may wait for what another holds."""
    token = service.login("op1").cookies["shouwang_session"]
    limits = httpx.Limits(max_connections=120)
    statuses = []

    def ask():
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=service.url, timeout=30, limits=limits, headers=headers) as client:
            statuses.append(client.get("/api/v1/alerts").status_code)

    threads = [threading.Thread(target=ask) for _ in range(120)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 120


def test_a_taken_port_is_reported_and_nothing_keeps_running(database, caplog):
    caplog.set_level(logging.INFO)
    before = threading.active_count()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = Settings(database_url=database.url("api"), api_port=port)
        with pytest.raises(OSError, match="in use"):
            run(settings, threading.Event())
    assert threading.active_count() == before
