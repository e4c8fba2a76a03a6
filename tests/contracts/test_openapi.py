"""The API against its own OpenAPI document: schemathesis asks everything, in the name of an operator."""

import io
import re

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from PIL import Image
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api_service import CSRF, serving
from tests.registry import PASSWORD

CHECKS = (
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
    response_headers_conformance,
)  # fmt: skip
ENDLESS = "/api/v1/events"
BOUNDED = settings(
    max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    database=None, derandomize=True,
)  # fmt: skip


@pytest.fixture
def service(database):
    with serving(database, homes=1) as running:
        running.sql(
            "INSERT INTO dead_letter (received_at, topic, payload, code, reason, digest, last_at, urgent)"
            " VALUES (now(), 'x', '\\xff00', 'bad_topic', 'no such topic', '\\x00', now(), true)"
        )
        device, _ = running.registry.device(0, "wristband")
        running.sql(
            "INSERT INTO reading (ts, device_id, metric, value)"
            " SELECT now() - n * interval '1 hour', %s, 11, 70 + n FROM generate_series(0, 30) n", device,
        )  # fmt: skip
        running.sql("INSERT INTO latest VALUES (%s, 11, now(), 70, now(), now())", device)
        running.sql("INSERT INTO home_photo SELECT id, '\\xffd8', now() FROM home")
        yield running


def sent_as(service, username="op1"):
    token = service.login(username).cookies["shouwang_session"]
    return {**CSRF, "Authorization": f"Bearer {token}"}


def test_every_answer_is_as_the_document_says(service):
    """All operations but the endless stream; a fresh session each, since one of them logs out."""
    schema = schemathesis.openapi.from_url(f"{service.ops}/api/openapi.json").exclude(path=ENDLESS)
    operations = [result.ok() for result in schema.get_all_operations()]
    unsuccessful = set()
    for operation in operations:
        alert = service.raise_alert(rule=f"rule {operation.label}")
        service.login("op1")  # a session to end
        ((session,),) = service.sql("SELECT max(id) FROM session")
        there = {
            "session_id": session,
            "alert_id": alert,
            "letter_id": 1,
            "home_id": service.registry.homes[0],
            "device_id": 1,
            "code": "alone",
            "setting_id": service.set_policy(),
        }
        registers = operation.method.upper() in {"PUT", "DELETE"} and "sessions" not in operation.path
        who = "chief" if "/policy" in operation.path else "registrar" if registers else "op1"
        if operation.path.endswith("/undo"):
            there["body"] = {"event": taken(service, alert)}
        if operation.label == "PUT /api/v1/homes/{home_id}/photo":
            there["body"] = photo()
        if operation.label == "PUT /api/v1/homes/{home_id}":
            there["body"] = {"revision": 1, "dog": "有"}
        if operation.label in {"GET /api/v1/policy", "GET /api/v1/policy/history"}:
            there["query"] = {"home_id": service.registry.homes[0]}
        if operation.label == "PUT /api/v1/policy":
            there["body"] = {"home_id": service.registry.homes[0], "rule": "gas", "field": "alarm_lel", "value": 8,
                             "reason": "气味敏感"}  # fmt: skip
        if not any(status < 300 for status in statuses(service, operation, sent_as(service, who), there)):
            unsuccessful.add(operation.label)
    assert unsuccessful == {"POST /api/v1/login"}  # nobody guesses a password


def photo():
    """A picture that can be read."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG")
    return out.getvalue()


def taken(service, alert):
    """The step of an operator who has taken the alert."""
    answer = service.login("op1").post(f"/api/v1/alerts/{alert}/acknowledge")
    return answer.json()["events"][-1]["id"]


def statuses(service, operation, headers, there):
    """Every status that generated requests got: as generated, and once more for something that is there."""
    found = []

    @BOUNDED
    @given(case=operation.as_strategy())
    def ask(case):
        for known in (False, True):
            if known and not (case.path_parameters or there.keys() & {"body", "query"}):
                return
            if known:
                case.path_parameters = {name: there[name] for name in case.path_parameters or {}}
                case.body = there.get("body", case.body)
                case.query = there.get("query", case.query)
            answer = case.call(base_url=service.url, headers=headers)
            found.append(answer.status_code)
            case.validate_response(answer, checks=CHECKS)

    ask()
    return found


def test_every_failure_in_the_document_has_the_one_shape(service):
    document = service.document()
    found = {
        (code, answer["content"]["application/json"]["schema"].get("$ref"))
        for path, methods in document["paths"].items()
        if path.startswith("/api/")
        for operation in methods.values()
        for code, answer in operation["responses"].items()
        if code >= "400"
    }
    shape = "#/components/schemas/ErrorBody"
    assert found == {(code, shape) for code in ("401", "403", "404", "409", "422", "429", "500", "503")}


HOSTILE = [
    ("GET", "/api/v1/alerts?rule=%00", None),
    ("GET", "/api/v1/alerts?cursor=%00", None),
    ("GET", "/api/v1/alerts?home=99999999999999999999", None),
    ("GET", "/api/v1/alerts?limit=201", None),
    ("GET", "/api/v1/alerts?since=0001-01-01T00:00:00%2B23:59", None),
    ("GET", f"/api/v1/alerts/{2**63}", None),
    ("GET", f"/api/v1/alerts/{'9' * 5000}", None),
    ("GET", "/api/v1/alerts/0", None),
    ("GET", "/api/v1/homes?q=%00", None),
    ("GET", "/api/v1/homes/1/day?date=9999-12-31", None),
    ("GET", "/api/v1/devices?battery_below=nan", None),
    ("GET", "/api/v1/devices?type=%00", None),
    ("GET", "/api/v1/devices/1/history?metric=%00", None),
    ("GET", "/api/v1/dead-letters?code=%00", None),
    ("GET", "/api/v1/events?last_event_id=-1", None),
    ("GET", f"/api/v1/events?last_event_id={2**63}", None),
    ("DELETE", "/api/v1/sessions/0", None),
    ("DELETE", f"/api/v1/sessions/{2**63}", None),
    ("POST", "/api/v1/alerts/1/comment", b'{"note": "\\u0000"}'),
    ("POST", "/api/v1/alerts/1/comment", b'{"note": "\\ud800"}'),
    ("POST", "/api/v1/alerts/1/comment", b'{"note": ""}'),
    ("POST", "/api/v1/alerts/1/comment", b"\xff\xfe"),
    ("POST", "/api/v1/alerts/1/comment", b"{"),
    ("POST", "/api/v1/alerts/1/comment", b"[" * 20000),
    ("POST", "/api/v1/alerts/1/resolve", b'{"disposition": "lost"}'),
    ("POST", "/api/v1/login", b'{"username": "\\u0000", "password": "x"}'),
    ("POST", "/api/v1/login", b'{"username": 1e999, "password": {}}'),
]


def test_what_no_database_could_take_is_refused_before_it(service):
    client, headers = service.client(), {**sent_as(service), "Content-Type": "application/json"}
    for method, path, body in HOSTILE:
        answer = client.request(method, path, content=body, headers=headers)
        assert (path, body, answer.status_code) == (path, body, 422)
        assert set(answer.json()["error"]) == {"code", "message", "message_zh", "message_en", "details"}


def test_every_kind_of_failure_has_the_one_shape(service):
    client = service.login("op1")
    for answer, status in (
        (client.get("/api/v1/nothing"), 404), (client.get("/api"), 404), (client.get("/assets/none.js"), 404),
        (client.put("/api/v1/alerts"), 405), (client.delete("/"), 405), (client.get("/api/v1/alerts/999"), 404),
        (client.post("/api/v1/login", content=b"x" * 100_000, headers={"content-type": "application/json"}), 413),
        (service.client().get("/api/v1/me"), 401), (service.login("vendor-acme").get("/api/v1/homes"), 403),
        (client.post("/api/v1/login", json={"username": "op1", "password": PASSWORD, "role": "admin"}), 422),
    ):  # fmt: skip
        assert answer.status_code == status, answer.text
        error = answer.json()["error"]
        assert error["code"]
        assert error["message"] == f"{error['message_zh']} ({error['message_en']})"
        assert not re.search("[\u4e00-\u9fff]", error["message_en"])
        assert re.search("[\u4e00-\u9fff]", error["message_zh"])
