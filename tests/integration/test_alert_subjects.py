"""An alert is about a home, an area, a vendor or the site: one open for each, seen by whom it concerns."""

from datetime import UTC, datetime

import psycopg
import pytest

from alerts.response.store.alerts import Event, add_events, write_raises
from alerts.selfcheck import store as selfcheck
from tests.api_service import serving

AT = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def service(database):
    with serving(database) as running:
        yield running


def found(service, subject, rule="outage", count=1, **whose):
    """What a program does that finds something about this subject; the alert's id."""
    record = {
        "subject": subject, "rule": rule, "severity": "urgent", "occurred_at": AT, "opened_at": AT, "last_at": AT,
        "count": count, "score": 1.0, "late": False, "evidence": {"text_zh": "测试", "text_en": "test"}, **whose,
    }  # fmt: skip
    with psycopg.connect(service.database.url("engine")) as conn:
        [opened] = write_raises(conn, [record])
        add_events(conn, [Event(opened.alert_id, AT, "opened" if opened.inserted else "raised")])
    return opened.alert_id


def areas(service):
    return dict(service.sql("SELECT path::text, id FROM area"))


def seen_by(service, username):
    return {item["id"]: item for item in service.login(username).get("/api/v1/alerts").json()["items"]}


def test_one_alert_stands_open_for_each_subject_and_rule(service):
    acme, beta = service.registry.vendors["acme"], service.registry.vendors["beta"]
    ids = [
        found(service, "vendor", vendor_id=acme), found(service, "vendor", vendor_id=acme),
        found(service, "vendor", vendor_id=beta), found(service, "vendor", rule="flood", vendor_id=acme),
        found(service, "site"), found(service, "site"), found(service, "area", area_id=areas(service)["qu"]),
    ]  # fmt: skip
    assert (ids[0], ids[4]) == (ids[1], ids[5])
    assert len(set(ids)) == 5
    assert service.sql("SELECT count FROM alert WHERE id = %s", ids[0]) == [(2,)]


def test_an_areas_alert_is_seen_where_the_area_lies_and_a_vendors_or_the_sites_by_all(service):
    service.other_area()
    here = areas(service)
    ids = {
        "home": service.raise_alert(), "area": found(service, "area", area_id=here["qu"]),
        "elsewhere": found(service, "area", area_id=here["elsewhere"]),
        "vendor": found(service, "vendor", vendor_id=service.registry.vendors["acme"]), "site": found(service, "site"),
    }  # fmt: skip
    assert set(seen_by(service, "op1")) == {ids[name] for name in ("home", "area", "vendor", "site")}
    far = seen_by(service, "far")
    assert set(far) == {ids[name] for name in ("elsewhere", "vendor", "site")}
    assert far[ids["vendor"]]["subject"] == {
        "kind": "vendor", "id": service.registry.vendors["acme"], "code": "acme", "name": "acme 测试厂",
    }  # fmt: skip
    assert far[ids["site"]]["subject"] == {"kind": "site", "id": 0, "code": "", "name": ""}
    assert (far[ids["elsewhere"]]["subject"]["name"], far[ids["elsewhere"]]["home"]) == ("别处测试区", None)
    client = service.login("far")
    for name in ("home", "area"):
        assert client.get(f"/api/v1/alerts/{ids[name]}").status_code == 404
        assert client.post(f"/api/v1/alerts/{ids[name]}/acknowledge").status_code == 404
    summary = client.get("/api/v1/alerts/summary").json()
    assert summary["unacknowledged"]["urgent"] == 3


def test_an_alert_without_a_home_is_answered_and_recorded_like_any_other(service):
    first = found(service, "vendor", vendor_id=service.registry.vendors["acme"])
    client = service.login("op1")
    assert client.post(f"/api/v1/alerts/{first}/acknowledge").json()["state"] == "acknowledged"
    closed = client.post(f"/api/v1/alerts/{first}/resolve", json={"disposition": "real", "note": "已修"}).json()
    assert (closed["contacts"], closed["residents"], closed["last_sign"]) == ([], [], None)
    second = found(service, "vendor", vendor_id=service.registry.vendors["acme"])
    assert second != first
    assert [one["id"] for one in client.get(f"/api/v1/alerts/{second}").json()["recent"]] == [first]
    step = closed["events"][-1]["id"]
    refused = client.post(f"/api/v1/alerts/{first}/undo", json={"event": step})
    assert refused.json()["error"]["details"]["reason"] == "reopened"
    [record] = client.get("/api/v1/records").json()["items"]
    assert (record["subject"]["code"], record["home"]) == ("acme", None)


def test_the_self_checks_alert_is_the_sites_own(service):
    with psycopg.connect(service.database.url("canary")) as conn:
        selfcheck.raise_alert(conn, AT, AT, {"text_zh": "测试", "text_en": "test", "link": "engine"})
        assert selfcheck.newest(conn).link == "engine"
    [item] = seen_by(service, "op1").values()
    assert (item["rule"], item["subject"]["kind"], item["home"], item["device"]) == ("self_check", "site", None, None)


def test_a_homes_alerts_move_with_the_home(service):
    elsewhere = service.other_area()
    alert = service.raise_alert(home=1)
    service.sql("UPDATE home SET area_id = %s WHERE id = %s", areas(service)[elsewhere], service.registry.homes[1])
    assert set(seen_by(service, "far")) == {alert}
    assert seen_by(service, "op1") == {}


@pytest.mark.parametrize(
    "wrong", ["subject = 'site'", "home_id = NULL", "vendor_id = 1", "subject = 'area'", "subject = 'galaxy'"]
)
def test_a_subject_is_exactly_one_thing(service, wrong):
    alert = service.raise_alert()
    with pytest.raises(psycopg.errors.IntegrityError):
        service.sql(f"UPDATE alert SET {wrong} WHERE id = %s", alert)


def test_an_identity_names_its_cell(database):
    with serving(database, cell="district-7") as service:
        alert = service.raise_alert()
        client = service.login("op1")
        whole = [client.get(f"/api/v1/alerts/{alert}").json(), client.get("/api/v1/me").json()]
        whole += [client.get(f"/api/v1/{name}").json()["items"][0] for name in ("alerts", "homes", "devices")]
        assert {one["cell"] for one in whole} == {"district-7"}
