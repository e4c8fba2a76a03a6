"""Authorisation by who asks: owner, another area's operator, vendor, stranger — over every route there is.

The routes come from the OpenAPI document: a new one that nobody has put into the table below fails here.
"""

import pytest

from tests.api_service import CSRF, serving

PUBLIC = {"POST /api/v1/login", "GET /healthz"}
# What an operator of the area, one of another, and the vendor of the devices get.
OWN, ELSEWHERE, VENDOR = "own", "elsewhere", "vendor"
EXPECTED = {
    "POST /api/v1/logout": (204, 204, 204),
    "GET /api/v1/me": (200, 200, 200),
    "GET /api/v1/sessions": (200, 200, 200),
    "DELETE /api/v1/sessions": (200, 200, 200),
    "DELETE /api/v1/sessions/{session_id}": (None, None, None),  # its owner alone: see test_api_sessions.py
    "GET /api/v1/catalogue": (200, 200, 200),
    "GET /api/v1/health": (200, 200, 403),
    "GET /api/v1/events": (None, None, 403),  # streams: see test_api_live.py
    "GET /api/v1/alerts": (200, 200, 403),
    "GET /api/v1/alerts/summary": (200, 200, 403),
    "GET /api/v1/alerts/{alert_id}": (200, 404, 403),
    "POST /api/v1/alerts/{alert_id}/acknowledge": (200, 404, 403),
    "POST /api/v1/alerts/{alert_id}/dispatch": (200, 404, 403),
    "POST /api/v1/alerts/{alert_id}/comment": (200, 404, 403),
    "POST /api/v1/alerts/{alert_id}/resolve": (200, 404, 403),
    "POST /api/v1/alerts/{alert_id}/undo": (404, 404, 403),  # nobody has taken a step that could be taken back
    "GET /api/v1/records": (200, 200, 403),
    "GET /api/v1/records/summary": (200, 200, 403),
    "GET /api/v1/records/choices": (200, 200, 403),
    "GET /api/v1/homes": (200, 200, 403),
    "GET /api/v1/homes/{home_id}": (200, 404, 403),
    "GET /api/v1/homes/{home_id}/day": (200, 404, 403),
    "PUT /api/v1/homes/{home_id}": (403, 403, 403),  # registrars: see test_api_people.py
    "GET /api/v1/homes/{home_id}/photo": (200, 404, 403),
    "PUT /api/v1/homes/{home_id}/photo": (403, 403, 403),
    "DELETE /api/v1/homes/{home_id}/photo": (403, 403, 403),
    "GET /api/v1/categories": (200, 200, 403),
    "PUT /api/v1/categories/{code}": (403, 403, 403),
    "GET /api/v1/devices": (200, 200, 200),
    "GET /api/v1/devices/choices": (200, 200, 200),
    "GET /api/v1/devices/{device_id}": (200, 404, 200),
    "GET /api/v1/devices/{device_id}/history": (200, 404, 200),
    "GET /api/v1/dead-letters": (200, 200, 200),
    "POST /api/v1/dead-letters/{letter_id}/replay": (202, 404, 202),
    "POST /api/v1/dead-letters/{letter_id}/answer": (200, 404, 403),
}
BODIES = {
    "undo": {"event": 1},
    "comment": {"note": "备注"},
    "resolve": {"disposition": "test"},
    "answer": {"answer": "已电话核实"},
    "{home_id}": {"revision": 1},
    "{code}": {"zh": "独居", "en": "alone"},
}
QUERIES = {"history": {"metric": "battery"}}


@pytest.fixture
def service(database):
    with serving(database) as running:
        running.other_area()
        running.sql("INSERT INTO home_photo SELECT id, '\\xffd8', now() FROM home")
        yield running


def routes(service):
    document = service.document()
    return {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}


def ask(service, client, route):
    alert, letter = (
        service.raise_alert(0, f"rule{service.sql('SELECT count(*) FROM alert')[0][0]}"),
        dead_letter(service),
    )
    device, _ = service.registry.device(0, "sos_button")
    method, path = route.split()
    filled = path.format(
        alert_id=alert, letter_id=letter, device_id=device, home_id=service.registry.homes[0], session_id=1,
        code="alone",
    )  # fmt: skip
    last = path.rsplit("/", 1)[-1]
    return client.request(method, filled, json=BODIES.get(last), params=QUERIES.get(last))


def dead_letter(service, vendor="acme", serial="sos_button-0"):
    ((number,),) = service.sql(
        "INSERT INTO dead_letter (received_at, vendor_id, topic, payload, code, reason, digest, last_at, urgent)"
        " VALUES (now(), (SELECT id FROM vendor WHERE code = %s), %s, '\\xff00', 'not_json', 'not JSON',"
        "         gen_random_uuid()::text::bytea, now(), true) RETURNING id",
        vendor, f"sw/v1/{vendor}/{serial}/telemetry",
    )  # fmt: skip
    return number


def test_every_route_is_in_the_table(service):
    assert routes(service) == PUBLIC | set(EXPECTED)


def test_a_stranger_gets_401_everywhere(service):
    stranger, forger = service.client(headers=CSRF), service.client(headers={"Authorization": "Bearer nonsense"})
    for route in EXPECTED:
        for client in (stranger, forger):
            answer = ask(service, client, route)
            assert (route, answer.status_code) == (route, 401)
            assert answer.json()["error"]["code"] == "unauthenticated"


@pytest.mark.parametrize(("username", "column"), [("op1", 0), ("far", 1), ("vendor-acme", 2)])
def test_who_asks_decides(service, username, column):
    for route, statuses in EXPECTED.items():
        if statuses[column] is not None:
            answer = ask(service, service.login(username), route)
            assert (route, answer.status_code) == (route, statuses[column]), answer.text


def test_another_areas_operator_finds_every_list_empty(service):
    client = service.login("far")
    for path in ("alerts?state=all", "homes", "devices", "dead-letters"):
        service.raise_alert(0, f"rule-{path}")
        dead_letter(service)
        assert client.get(f"/api/v1/{path}").json()["items"] == []


def test_nobody_elses_filter_opens_another_area(service):
    service.raise_alert()
    client, home = service.login("far"), service.registry.homes[0]
    assert client.get("/api/v1/alerts", params={"home": home, "state": "all"}).json()["items"] == []
    assert client.get("/api/v1/homes", params={"q": "测试"}).json()["items"] == []


def test_a_vendor_learns_nothing_of_homes_and_people(service):
    client, (device, _) = service.login("vendor-acme"), service.registry.device(0, "sos_button")
    texts = [client.get(path).text for path in ("/api/v1/devices?limit=200", f"/api/v1/devices/{device}")]
    for text in texts:
        assert '"home":null' in text
        for secret in ("测试村", "H0000", "老人", "卧室"):
            assert secret not in text
    assert client.get("/api/v1/devices", params={"q": "测试村"}).json()["items"] == []


def test_a_vendor_sees_its_own_refused_messages_only(service):
    own, other = dead_letter(service), dead_letter(service, "beta")
    client = service.login("vendor-acme")
    assert [item["id"] for item in client.get("/api/v1/dead-letters").json()["items"]] == [own]
    assert client.post(f"/api/v1/dead-letters/{other}/replay").status_code == 404
    service.sql(
        "UPDATE device SET vendor_id = (SELECT id FROM vendor WHERE code = 'beta') WHERE serial = 'co_detector-0'"
    )
    device, _ = service.registry.device(0, "co_detector")
    assert client.get(f"/api/v1/devices/{device}").status_code == 404
    assert client.get(f"/api/v1/devices/{device}/history", params={"metric": "co"}).status_code == 404


def letters(service, username):
    return {item["id"] for item in service.login(username).get("/api/v1/dead-letters").json()["items"]}


def test_a_message_of_an_unknown_device_is_shown_where_its_vendor_serves(service):
    letter = dead_letter(service, serial="nobody-knows")
    assert letters(service, "op1") == {letter}
    far = service.login("far")
    assert far.get("/api/v1/dead-letters").json()["items"] == []
    assert far.post(f"/api/v1/dead-letters/{letter}/replay").status_code == 404


def test_what_no_area_can_claim_is_shown_to_those_who_see_a_whole_district(service):
    service.sql("UPDATE account SET area = 'qu.zhen' WHERE username = 'op2'")
    unclaimed = {dead_letter(service, "beta"), dead_letter(service, "no-such-vendor")}  # beta has no device in service
    assert letters(service, "op1") == letters(service, "far") == unclaimed
    assert letters(service, "op2") == set()
    service.sql(
        "UPDATE device SET vendor_id = (SELECT id FROM vendor WHERE code = 'beta') WHERE serial = 'co_detector-0'"
    )
    assert letters(service, "op2") == {min(unclaimed)}
    service.sql("UPDATE device SET retired_at = now() WHERE serial = 'co_detector-0'")
    assert letters(service, "op2") == set()


def test_a_change_with_the_cookie_needs_the_header_and_with_a_bearer_token_does_not(service):
    alert_id, client = service.raise_alert(), service.login("op1")
    token = client.cookies["shouwang_session"]
    browser = service.client(cookies={"shouwang_session": token})
    answer = browser.post(f"/api/v1/alerts/{alert_id}/acknowledge")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf")
    program = service.client(headers={"Authorization": f"Bearer {token}"})
    assert program.post(f"/api/v1/alerts/{alert_id}/acknowledge").status_code == 200


def test_a_broken_authorization_header_does_not_let_the_cookie_skip_the_check(service):
    alert_id, client = service.raise_alert(), service.login("op1")
    cookies = {"shouwang_session": client.cookies["shouwang_session"]}
    forger = service.client(cookies=cookies, headers={"Authorization": "Basic x"})
    assert forger.post(f"/api/v1/alerts/{alert_id}/acknowledge").status_code == 403
