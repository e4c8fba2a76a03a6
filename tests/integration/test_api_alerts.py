"""Operators see their area's alerts, answer them, and the second of two learns who was first."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.api_service import serving


@pytest.fixture
def service(database):
    with serving(database) as running:
        yield running


def test_an_alert_is_listed_with_where_who_and_why(service):
    alert_id = service.raise_alert()
    (item,) = service.login("op1").get("/api/v1/alerts").json()["items"]
    assert item["id"] == alert_id
    assert (item["state"], item["severity"], item["handler"], item["device"]["type_zh"]) == (
        "open", "emergency", None, "紧急呼叫按钮",
    )  # fmt: skip
    assert item["home"]["area_name"] == "测试区 / 测试镇 / 测试村 / 测试网格"
    assert item["home"]["person_name"] == "测试·老人1"
    assert item["opened_at"].endswith("Z")
    assert item["evidence"]["text_zh"] == "按下紧急呼叫"


def test_acknowledge_dispatch_comment_resolve_are_each_on_record(service):
    alert_id = service.raise_alert()
    client = service.login("op1")
    path = f"/api/v1/alerts/{alert_id}"
    assert client.post(f"{path}/acknowledge").json()["handler"]["name"] == "测试·op1"
    assert client.post(f"{path}/dispatch", json={"note": "网格员出发"}).json()["state"] == "dispatched"
    assert client.post(f"{path}/comment", json={"note": "电话无人接"}).status_code == 200
    done = client.post(f"{path}/resolve", json={"disposition": "real", "note": "已送医"}).json()
    assert (done["state"], done["disposition"]) == ("resolved", "real")
    assert [event["kind"] for event in done["events"]] == [
        "opened", "acknowledged", "dispatched", "comment", "resolved",
    ]  # fmt: skip
    assert [contact["position"] for contact in done["contacts"]] == [1, 2]
    assert done["residents"][0]["age"] >= 85
    assert client.get("/api/v1/alerts").json()["items"] == []
    assert len(client.get("/api/v1/alerts", params={"state": "resolved"}).json()["items"]) == 1


def test_of_two_who_claim_an_alert_at_once_one_gets_a_clear_conflict(service):
    alert_id = service.raise_alert()
    clients = [service.login("op1"), service.login("op2")]
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda client: client.post(f"/api/v1/alerts/{alert_id}/acknowledge"), clients))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    error = lost.json()["error"]
    assert error["code"] == "conflict"
    assert error["details"]["state"] == "acknowledged"
    assert error["details"]["handler_name"] == won.json()["handler"]["name"]
    assert error["details"]["at"]


def test_a_resolved_alert_can_only_be_commented(service):
    alert_id = service.raise_alert()
    client = service.login("op1")
    client.post(f"/api/v1/alerts/{alert_id}/resolve", json={"disposition": "test"})
    for action in ("acknowledge", "dispatch"):
        assert client.post(f"/api/v1/alerts/{alert_id}/{action}").status_code == 409
    assert client.post(f"/api/v1/alerts/{alert_id}/comment", json={"note": "补记"}).status_code == 200


def step_of(answer):
    """The id of the step that a POST has just taken."""
    return answer.json()["events"][-1]["id"]


def test_a_step_is_taken_back_within_seconds_and_both_stay_on_record(service):
    path = f"/api/v1/alerts/{service.raise_alert()}"
    client, other = service.login("op1"), service.login("op2")
    asked = client.get(path).json()["asks_since"]
    taken = client.post(f"{path}/acknowledge")
    assert (taken.json()["asks_since"], taken.json()["handler"]["name"]) == (None, "测试·op1")
    refused = other.post(f"{path}/undo", json={"event": step_of(taken)})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "undo_refused")
    assert refused.json()["error"]["details"] == {
        "reason": "not_yours", "state": "acknowledged", "handler_name": "测试·op1",
        "at": taken.json()["events"][-1]["at"],
    }  # fmt: skip
    back = client.post(f"{path}/undo", json={"event": step_of(taken)}).json()
    assert (back["state"], back["handler"], back["asks_since"], back["acknowledged_at"]) == ("open", None, asked, None)
    assert [event["kind"] for event in back["events"]] == ["opened", "acknowledged", "undone"]
    assert [event["data"] for event in back["events"]] == [
        {}, {}, {"step": "acknowledged", "event": step_of(taken)},
    ]  # fmt: skip
    closed = client.post(f"{path}/resolve", json={"disposition": "real"})
    assert client.post(f"{path}/undo", json={"event": step_of(closed)}).json()["state"] == "open"
    closed = client.post(f"{path}/resolve", json={"disposition": "real"})
    service.raise_alert()
    refused = client.post(f"{path}/undo", json={"event": step_of(closed)}).json()["error"]["details"]
    assert (refused["reason"], refused["state"]) == ("reopened", "open")
    assert client.post(f"{path}/undo", json={"event": 10**9}).status_code == 404


def test_closing_what_a_colleague_has_is_asked_first_and_says_who_closed_it(service):
    path = f"/api/v1/alerts/{service.raise_alert()}"
    client, other = service.login("op1"), service.login("op2")
    taken = client.post(f"{path}/acknowledge").json()
    held = other.post(f"{path}/resolve", json={"disposition": "real"})
    assert (held.status_code, held.json()["error"]["code"]) == (409, "held_by_other")
    details = held.json()["error"]["details"]
    assert details == {"handler_name": "测试·op1", "at": taken["acknowledged_at"], "state": "acknowledged"}
    done = other.post(f"{path}/resolve", json={"disposition": "real", "take_over": True}).json()
    assert (done["handler"]["name"], done["resolved_by"]["name"]) == ("测试·op1", "测试·op2")
    again = client.post(f"{path}/resolve", json={"disposition": "real"}).json()["error"]
    assert (again["code"], again["details"]["handler_name"]) == ("conflict", "测试·op2")


def test_closing_without_taking_it_counts_as_answered_then(service):
    path = f"/api/v1/alerts/{service.raise_alert()}"
    done = service.login("op1").post(f"{path}/resolve", json={"disposition": "false_alarm"}).json()
    assert done["acknowledged_at"] == done["resolved_at"]
    assert done["handler"]["name"] == done["resolved_by"]["name"] == "测试·op1"
    assert done["asks_since"] is None


def test_pages_cover_every_alert_once_newest_first(service):
    ids = [service.raise_alert(home, f"rule{number}") for number in range(5) for home in (0, 1)]
    client, found, cursor = service.login("op1"), [], None
    while True:
        page = client.get("/api/v1/alerts", params={"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert found == sorted(ids, reverse=True)


def test_a_cursor_of_somebody_elses_making_is_refused(service):
    client = service.login("op1")
    made_up = ("x", "W10", "WzFd", "WyJcdTAwMDAiLDFd", "bnVsbA", "WyI5OTk5LTAxLTAxVDAwOjAwOjAwWiIsMV0")
    for cursor in made_up:
        answer = client.get("/api/v1/alerts", params={"cursor": cursor})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "bad_cursor")


def test_filters_narrow_and_a_misspelt_one_is_refused(service):
    service.raise_alert(0, "sos", "emergency")
    service.raise_alert(1, "battery_low", "maintenance")
    client = service.login("op1")

    def rules(**params):
        return {item["rule"] for item in client.get("/api/v1/alerts", params=params).json()["items"]}

    assert rules(severity="maintenance") == {"battery_low"}
    assert rules(rule="sos") == {"sos"}
    assert rules(home=service.registry.homes[1]) == {"battery_low"}
    assert rules(until="2020-01-01T00:00:00Z") == set()
    assert rules(since="2020-01-01T00:00:00Z") == {"sos", "battery_low"}
    assert client.get("/api/v1/alerts", params={"severty": "emergency"}).status_code == 422


def test_the_summary_counts_what_waits_and_names_the_newest_event(service):
    first, _ = service.raise_alert(0), service.raise_alert(1, "battery_low", "maintenance")
    client = service.login("op1")
    client.post(f"/api/v1/alerts/{first}/acknowledge")
    summary = client.get("/api/v1/alerts/summary").json()
    assert (summary["active"]["emergency"], summary["unacknowledged"]["emergency"]) == (1, 0)
    assert (summary["active"]["maintenance"], summary["active"]["urgent"]) == (1, 0)
    assert summary["latest_event_id"] == service.sql("SELECT max(id) FROM alert_event")[0][0]


def test_what_goes_on_is_shown_and_not_counted_as_unanswered_until_somebody_takes_it(service):
    service.raise_alert(1, "battery_low", "maintenance")
    shown = service.raise_alert(0, "door_open", "attention")
    service.sql(
        "UPDATE alert SET suppressed_by = 'goes_on', suppressed_until = now() + interval '7 days',"
        " asks_since = NULL, episode_at = now() - interval '3 days' WHERE id = %s",
        shown,
    )
    client = service.login("op1")

    def listed(**params):
        return {item["id"]: item for item in client.get("/api/v1/alerts", params=params).json()["items"]}

    assert set(listed(suppressed=True)) == {shown}
    assert shown not in listed(suppressed=False)
    item = listed()[shown]
    assert (item["state"], item["suppressed_by"]) == ("open", "goes_on")
    assert item["episode_at"] < item["occurred_at"] < item["suppressed_until"]
    summary = client.get("/api/v1/alerts/summary").json()
    assert [summary[name]["attention"] for name in ("active", "unacknowledged", "suppressed")] == [0, 0, 1]
    assert [summary[name]["maintenance"] for name in ("active", "unacknowledged", "suppressed")] == [1, 1, 0]
    home = client.get("/api/v1/homes").json()["items"][0]
    assert (home["active_alerts"], home["suppressed_alerts"], home["worst_severity"]) == (0, 1, None)
    assert client.get(f"/api/v1/homes/{home['id']}").json()["active_alerts"][0]["suppressed_by"] == "goes_on"
    assert 'severity="attention",state="suppressed"' in service.metrics()
    taken = client.post(f"/api/v1/alerts/{shown}/acknowledge").json()
    assert (taken["state"], taken["suppressed_by"], taken["suppressed_until"]) == ("acknowledged", None, None)
    assert client.get("/api/v1/alerts/summary").json()["active"]["attention"] == 1


def test_the_summary_of_an_empty_area_is_all_zero(service):
    service.other_area()
    service.raise_alert()
    summary = service.login("far").get("/api/v1/alerts/summary").json()
    assert set(summary["active"].values()) == {0}
    assert summary["latest_event_id"] > 0
