"""Who may ask what: every role, of the area and of another, a stranger — over every route there is.

The routes come from the application itself: a new one that nobody has put into the table below fails here.
"""

import io

import pytest
from fastapi.routing import iter_route_contexts
from PIL import Image

from api.access import May, MayListen
from api.app import routes as application
from core.roles import ROLES, Permission, Role
from tests.api_service import CSRF, serving

P = Permission
PUBLIC = {"POST /api/v1/login", "GET /healthz"}
# What a route asks for, and what those who have that get: of what is theirs, and of what is another area's or vendor's.
EXPECTED = {
    "POST /api/v1/logout": ((), 204, 204),
    "GET /api/v1/me": ((), 200, 200),
    "GET /api/v1/sessions": ((), 200, 200),
    "DELETE /api/v1/sessions": ((), 200, 200),
    "DELETE /api/v1/sessions/{session_id}": ((), 404, 404),  # its owner alone: see test_api_sessions.py
    "GET /api/v1/catalogue": ((), 200, 200),
    "GET /api/v1/health": ((P.HEALTH_READ,), 200, 200),
    "GET /api/v1/events": ((P.ALERTS_READ,), 200, 200),  # what of it: see test_api_live.py
    "GET /api/v1/alerts": ((P.ALERTS_READ,), 200, 200),
    "GET /api/v1/alerts/summary": ((P.ALERTS_READ,), 200, 200),
    "GET /api/v1/alerts/{alert_id}": ((P.ALERTS_READ,), 200, 404),
    "POST /api/v1/alerts/{alert_id}/acknowledge": ((P.ALERTS_ANSWER,), 200, 404),
    "POST /api/v1/alerts/{alert_id}/dispatch": ((P.ALERTS_ANSWER,), 200, 404),
    "POST /api/v1/alerts/{alert_id}/comment": ((P.ALERTS_NOTE,), 200, 404),
    "POST /api/v1/alerts/{alert_id}/resolve": ((P.ALERTS_ANSWER,), 200, 404),
    "POST /api/v1/alerts/{alert_id}/undo": ((P.ALERTS_ANSWER,), 404, 404),  # nobody has taken a step
    "GET /api/v1/records": ((P.RECORDS_READ,), 200, 200),
    "GET /api/v1/records/summary": ((P.RECORDS_READ,), 200, 200),
    "GET /api/v1/records/choices": ((P.RECORDS_READ,), 200, 200),
    "GET /api/v1/homes": ((P.HOMES_READ,), 200, 200),
    "GET /api/v1/homes/{home_id}": ((P.HOMES_READ,), 200, 404),
    "GET /api/v1/homes/{home_id}/day": ((P.HOMES_READ, P.READINGS_READ), 200, 404),
    "PUT /api/v1/homes/{home_id}": ((P.REGISTER_WRITE,), 200, 404),
    "GET /api/v1/homes/{home_id}/photo": ((P.HOMES_READ,), 200, 404),
    "PUT /api/v1/homes/{home_id}/photo": ((P.REGISTER_WRITE,), 204, 404),
    "DELETE /api/v1/homes/{home_id}/photo": ((P.REGISTER_WRITE,), 204, 404),
    "GET /api/v1/categories": ((P.HOMES_READ,), 200, 200),
    "PUT /api/v1/categories/{code}": ((P.REGISTER_WRITE,), 204, 204),
    "GET /api/v1/devices": ((P.DEVICES_READ,), 200, 200),
    "GET /api/v1/devices/choices": ((P.DEVICES_READ,), 200, 200),
    "GET /api/v1/devices/{device_id}": ((P.DEVICES_READ,), 200, 404),
    "GET /api/v1/devices/{device_id}/history": ((P.DEVICES_READ, P.READINGS_READ), 200, 404),
    "GET /api/v1/policy": ((P.HOMES_READ, P.PEOPLE_HEALTH), 200, 404),
    "GET /api/v1/policy/history": ((P.HOMES_READ, P.PEOPLE_HEALTH), 200, 404),
    "GET /api/v1/policy/quieter": ((P.HOMES_READ, P.PEOPLE_HEALTH), 200, 200),
    "PUT /api/v1/policy": ((P.POLICY_WRITE,), 200, 404),
    "POST /api/v1/policy/{setting_id}/end": ((P.POLICY_WRITE,), 204, 404),
    "GET /api/v1/dead-letters": ((P.DEAD_LETTERS_READ,), 200, 200),
    "POST /api/v1/dead-letters/{letter_id}/replay": ((P.DEAD_LETTERS_REPLAY,), 202, 404),
    "POST /api/v1/dead-letters/{letter_id}/answer": ((P.ALERTS_ANSWER,), 200, 404),
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
POLICY = {"rule": "not_back", "field": "away_hours", "value": 6, "reason": "常常头晕"}


@pytest.fixture
def service(database):
    with serving(database) as running:
        running.other_area()
        running.sql("INSERT INTO home_photo SELECT id, '\\xffd8', now() FROM home")
        yield running


def routes():
    """Every route of the API, and what it says that it asks for; None: it asks nobody who they are."""
    found = [route for route in iter_route_contexts(application().routes) if route.include_in_schema]
    return {f"{method} {route.path}": _asked(route) for route in found for method in route.methods}


def _asked(route):
    asking = [part.call for part in route.dependant.dependencies if isinstance(part.call, May | MayListen)]
    declared = [one.permissions for one in asking]
    return declared[0] if declared else None


def ask(service, client, route):
    alert, letter = (
        service.raise_alert(0, f"rule{service.sql('SELECT count(*) FROM alert')[0][0]}"),
        dead_letter(service),
    )
    device, _ = service.registry.device(0, "sos_button")
    method, path = route.split()
    filled = path.format(
        alert_id=alert, letter_id=letter, device_id=device, home_id=service.registry.homes[0], session_id=10**9,
        code="alone", setting_id=service.set_policy() if "{setting_id}" in path else "",
    )  # fmt: skip
    last, home = path.rsplit("/", 1)[-1], {"home_id": service.registry.homes[0]}
    body = {"content": picture()} if (method, last) == ("PUT", "photo") else {"json": BODIES.get(last)}
    if (method, last) == ("PUT", "policy"):
        body = {"json": home | POLICY}
    query = home if method == "GET" and "/policy" in path and last != "quieter" else QUERIES.get(last)
    with client.stream(method, filled, **body, params=query) as answer:
        if not answer.is_success or last != "events":
            answer.read()
        return answer


def picture():
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "JPEG")
    return out.getvalue()


def dead_letter(service, vendor="acme", serial="sos_button-0"):
    ((number,),) = service.sql(
        "INSERT INTO dead_letter (received_at, vendor_id, topic, payload, code, reason, digest, last_at, urgent)"
        " VALUES (now(), (SELECT id FROM vendor WHERE code = %s), %s, '\\xff00', 'not_json', 'not JSON',"
        "         gen_random_uuid()::text::bytea, now(), true) RETURNING id",
        vendor, f"sw/v1/{vendor}/{serial}/telemetry",
    )  # fmt: skip
    return number


def test_every_route_is_in_the_table_and_asks_for_what_it_says():
    assert routes() == dict.fromkeys(PUBLIC) | {route: permissions for route, (permissions, *_) in EXPECTED.items()}


def test_a_stranger_gets_401_everywhere(service):
    stranger, forger = service.client(headers=CSRF), service.client(headers={"Authorization": "Bearer nonsense"})
    for route in EXPECTED:
        for client in (stranger, forger):
            answer = ask(service, client, route)
            assert (route, answer.status_code) == (route, 401)
            assert answer.json()["error"]["code"] == "unauthenticated"


def account(service, role, far):
    """An account of that role: of the area or vendor of the home that is asked for, or of another."""
    username = f"{role}-{'far' if far else 'near'}"
    vendor, area = ("beta" if far else "acme", None) if role is Role.VENDOR else (None, "elsewhere" if far else "qu")
    service.sql(
        "INSERT INTO account (username, name, password_hash, role, area, vendor_id) SELECT %s, '测试', password_hash,"
        " %s, %s, (SELECT id FROM vendor WHERE code = %s) FROM account WHERE username = 'op1'",
        username, role, area, vendor,
    )  # fmt: skip
    return username


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("far", [False, True])
def test_who_asks_decides(service, role, far):
    username, client = account(service, role, far), None
    for route, (permissions, own, elsewhere) in EXPECTED.items():
        client = client or service.login(username)
        allowed = all(permission in ROLES[role].may for permission in permissions)
        answer = ask(service, client, route)
        assert (route, answer.status_code) == (route, (elsewhere if far else own) if allowed else 403)
        if route.endswith("logout"):
            client = None


@pytest.mark.parametrize("role", Role)
def test_everybody_is_told_what_they_may_do(service, role):
    me = service.login(account(service, role, far=False)).get("/api/v1/me").json()
    assert (me["role"], set(me["permissions"])) == (role, ROLES[role].may)


def test_a_role_sees_of_a_home_what_it_is_for(service):
    service.raise_alert()
    service.sql("UPDATE person SET note = '糖尿病'")
    service.sql("INSERT INTO latest SELECT id, 1, now(), 1, now(), now() FROM device")
    home = service.registry.homes[0]
    seen = {}
    for role in (Role.OPERATOR, Role.READER, Role.REGISTRAR, Role.INSTALLER, Role.FIELD_WORKER):
        found = service.login(account(service, role, far=False)).get(f"/api/v1/homes/{home}").json()
        people = [(person["name"], person["note"]) for person in found["residents"]]
        measured = any(device["latest"] for device in found["devices"])
        seen[role] = (people, bool(found["contacts"]), measured, bool(found["active_alerts"]))
        assert found["address"]
        assert found["devices"]
    whole, named = [("测试·老人1", "糖尿病")], [("测试·老人1", None)]
    assert seen == {
        Role.OPERATOR: (whole, True, True, True),
        Role.READER: (named, False, True, True),
        Role.REGISTRAR: (whole, True, False, False),
        Role.INSTALLER: ([], False, False, False),
        Role.FIELD_WORKER: (whole, True, True, True),
    }


def test_an_installers_list_of_homes_names_nobody(service):
    service.raise_alert()
    client = service.login(account(service, Role.INSTALLER, far=False))
    answer = client.get("/api/v1/homes")
    assert "测试村1号" in answer.text
    assert "老人" not in answer.text
    assert [item["worst_severity"] for item in answer.json()["items"]] == [None, None]
    (device, _) = service.registry.device(0, "wristband")
    assert client.get(f"/api/v1/devices/{device}").json()["latest"] == []


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
