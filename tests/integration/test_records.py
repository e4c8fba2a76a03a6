"""The record: what was answered for, how long it waited, and whether that was too long."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from core.model import ANSWER_WITHIN, Severity
from tests.api_service import serving

NIGHT = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)  # 00:30 on the 2nd in Shanghai
S, M, H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def service(database):
    with serving(database) as running:
        running.other_area()
        yield running


def raise_alert(service, at=NIGHT, *, home=0, rule="sos", severity="emergency", aloud=True):
    ((number,),) = service.sql(
        "INSERT INTO alert (home_id, device_id, rule, severity, occurred_at, opened_at, last_at, evidence, asks_since,"
        " suppressed_by) VALUES (%s, %s, %s, %s, %s, %s, %s, '{\"text_zh\": \"按下\"}', %s, %s) RETURNING id",
        service.registry.homes[home], service.registry.device(home, "sos_button")[0], rule, severity, at, at, at,
        at if aloud else None, None if aloud else "goes_on", program="engine",
    )  # fmt: skip
    return number


def answer(service, alert, at, who="op1"):
    service.sql(
        "UPDATE alert SET state = 'acknowledged', asks_since = NULL, handler_id = %s,"
        " acknowledged_at = coalesce(acknowledged_at, %s) WHERE id = %s",
        service.registry.accounts[who], at, alert, program="api",
    )  # fmt: skip


def close(service, alert, at, who="op1", disposition="real", note=""):
    """As the desk does, or the engine when nobody (`who` None) does."""
    by = service.registry.accounts[who] if who else None
    service.sql(
        "UPDATE alert SET state = 'resolved', asks_since = NULL, resolved_at = %s, disposition = %s,"
        " handler_id = coalesce(handler_id, %s), resolved_by_id = %s,"
        " acknowledged_at = coalesce(acknowledged_at, %s) WHERE id = %s",
        at, disposition, by, by, at if who else None, alert, program="api" if who else "engine",
    )  # fmt: skip
    service.sql(
        "INSERT INTO alert_event (alert_id, at, kind, account_id, note) VALUES (%s, %s, 'resolved', %s, %s)",
        alert, at, by, note,
    )  # fmt: skip


def records(service, username="op1", **params):
    answered = service.login(username).get("/api/v1/records", params=params)
    assert answered.status_code == 200, answered.text
    return answered.json()["items"]


def only(service):
    (found,) = records(service)
    return found


LIMITS = (  # severity, answered after, too late
    ("emergency", 59 * S, False), ("emergency", 61 * S, True), ("urgent", 9 * M, False), ("urgent", 11 * M, True),
    ("attention", 119 * M, False), ("attention", 121 * M, True), ("maintenance", 30 * H, False),
    ("concern", 30 * H, False),
)  # fmt: skip


def test_an_answer_is_in_time_or_a_breach_by_its_severity(service):
    cases = {}
    for number, case in enumerate(LIMITS):
        alert = raise_alert(service, rule=f"rule{number}", severity=case[0])
        answer(service, alert, NIGHT + case[1])
        close(service, alert, NIGHT + case[1] + M)
        cases[alert] = case
    for found in records(service):
        severity, after, breach = cases.pop(found["id"])
        assert (severity, found["breach"], found["answer_seconds"]) == (severity, breach, after.total_seconds())
        assert found["close_seconds"] == (after + M).total_seconds()
        limit = ANSWER_WITHIN.get(Severity(severity))
        assert found["limit_seconds"] == (limit and limit.total_seconds())
    assert not cases


def test_closing_without_acknowledging_answers_it(service):
    close(service, raise_alert(service), NIGHT + 72 * S)
    found = only(service)
    assert (found["answer_seconds"], found["breach"], found["resolved_by"]["name"]) == (72, True, "测试·op1")


def test_what_ends_by_itself_is_a_breach_only_after_the_limit(service):
    early, late = (raise_alert(service, rule=rule, severity="attention") for rule in ("early", "late"))
    close(service, early, NIGHT + 119 * M, who=None, disposition="recovered")
    close(service, late, NIGHT + 121 * M, who=None, disposition="recovered")
    for found in records(service):
        assert (found["id"], found["breach"]) == (found["id"], found["id"] == late)
        assert (found["answer_seconds"], found["resolved_by"], found["handler"]) == (None, None, None)


def test_what_was_only_shown_and_ended_was_nobodys_to_answer(service):
    alert = raise_alert(service, severity="attention", aloud=False)
    close(service, alert, NIGHT + 30 * H, who=None, disposition="recovered")
    assert (only(service)["breach"], only(service)["answer_seconds"]) == (False, None)


def test_what_was_only_shown_waits_from_when_it_is_aloud(service):
    alert = raise_alert(service, severity="attention", aloud=False)
    service.sql("UPDATE alert SET asks_since = %s, suppressed_by = NULL WHERE id = %s", NIGHT + 24 * H, alert)
    answer(service, alert, NIGHT + 24 * H + 5 * M)
    close(service, alert, NIGHT + 25 * H)
    assert (only(service)["breach"], only(service)["answer_seconds"]) == (False, 300)


def test_what_gets_worse_while_it_waits_has_the_time_of_its_new_severity_from_then(service):
    now = datetime.now(UTC)
    alert = raise_alert(service, now - 3000 * S, rule="no_sign_of_life", severity="attention")
    service.sql("UPDATE alert SET severity = 'emergency' WHERE id = %s", alert)
    answer(service, alert, now + 30 * S)
    close(service, alert, now + 60 * S)
    late = raise_alert(service, now - 3000 * S, home=1, rule="no_sign_of_life", severity="urgent")
    service.sql("UPDATE alert SET severity = 'emergency' WHERE id = %s", late)
    answer(service, late, now + 1 * S)  # it was late already
    close(service, late, now + 60 * S)
    assert {item["id"]: item["breach"] for item in records(service)} == {alert: False, late: True}


def test_a_second_cry_is_to_be_answered_in_time_as_well(service):
    alert = raise_alert(service)
    answer(service, alert, NIGHT + 10 * S)
    again = datetime.now(UTC) - 90 * S
    service.sql("UPDATE alert SET asks_since = %s WHERE id = %s", again, alert)
    service.sql("UPDATE alert SET asks_since = NULL WHERE id = %s", alert)  # 接警 again, 90 s later
    close(service, alert, datetime.now(UTC))
    assert (only(service)["answer_seconds"], only(service)["breach"]) == (10, True)


def test_an_answer_that_was_taken_back_did_not_answer(service):
    alert = raise_alert(service)
    answer(service, alert, NIGHT + 10 * S)
    service.sql(
        "UPDATE alert SET state = 'open', asks_since = %s, acknowledged_at = NULL, handler_id = NULL WHERE id = %s",
        NIGHT, alert,
    )  # fmt: skip
    answer(service, alert, NIGHT + 100 * S)
    close(service, alert, NIGHT + 200 * S)
    assert (only(service)["answer_seconds"], only(service)["breach"]) == (100, True)


def test_the_desk_keeps_the_record(service):
    """By the API's own steps: closed without 接警, taken back, answered by another."""
    mine, other = service.login("op1"), service.login("op2")
    alert = service.raise_alert()
    found = mine.post(f"/api/v1/alerts/{alert}/acknowledge").json()
    mine.post(f"/api/v1/alerts/{alert}/undo", json={"event": found["events"][-1]["id"]})
    assert service.sql("SELECT waited FROM alert") == [(None,)]
    answered = other.post(f"/api/v1/alerts/{alert}/resolve", json={"disposition": "test", "note": "演练"})
    assert answered.status_code == 200, answered.text
    (found,) = records(service, q="演练")
    assert (found["breach"], found["handler"]["name"], found["resolved_by"]["name"]) == (False, "测试·op2", "测试·op2")
    assert 0 < found["answer_seconds"] < 60
    assert answered.json()["home"]["initials"] == "cslr1"


def some(service):
    """Four closed alerts that differ in everything; returns their ids."""
    specs = (
        (NIGHT, 0, "sos", "emergency", 20 * S, "op1", "real", "女儿已赶到，送医"),
        (NIGHT - H, 1, "gas", "emergency", 80 * S, "op2", "false_alarm", "炒菜油烟"),
        (NIGHT - 24 * H, 0, "battery_low", "maintenance", 3 * H, "op1", "device_fault", ""),
        (NIGHT - 48 * H, 1, "sos", "urgent", 5 * M, "op2", "test", "Battery changed by vendor"),
    )
    found = []
    for at, home, rule, severity, after, who, disposition, note in specs:
        alert = raise_alert(service, at, home=home, rule=rule, severity=severity)
        close(service, alert, at + after, who, disposition, note)
        found.append(alert)
    return found


def test_records_are_found_by_every_filter_and_by_words(service):
    sos, gas, battery, old = some(service)
    raise_alert(service, NIGHT)  # still open: no record
    op2, home = service.registry.accounts["op2"], service.registry.homes[0]

    def found(**params):
        return [item["id"] for item in records(service, **params)]

    assert found() == [sos, gas, battery, old]
    for params, expected in (
        ({"severity": "emergency"}, [sos, gas]), ({"rule": "sos"}, [sos, old]), ({"result": "test"}, [old]),
        ({"handler": op2}, [gas, old]), ({"home": home}, [sos, battery]), ({"breach": True}, [gas]),
        ({"from": "2026-03-02"}, [sos]), ({"to": "2026-03-01"}, [gas, battery, old]),
        ({"from": "2026-03-01", "to": "2026-03-01"}, [gas, battery]),
        ({"q": "送医"}, [sos]), ({"q": "油"}, [gas]), ({"q": "battery"}, [battery, old]),
        ({"q": "changed vendor"}, [old]), ({"q": "低电量"}, []), ({"q": "燃气"}, [gas]), ({"q": "老人2"}, [gas, old]),
        ({"q": "cslr1"}, [sos, battery]), ({"q": "测试村2号 油烟"}, [gas]), ({"q": "op2 sos"}, [old]),
        ({"q": "%"}, []), ({"q": "没有的词"}, []),
    ):  # fmt: skip
        assert (params, found(**params)) == (params, expected)


def test_the_counts_are_over_the_whole_filter(service):
    some(service)
    client = service.login("op1")
    counts = client.get("/api/v1/records/summary").json()
    assert (counts["total"], counts["breaches"], counts["median_answer_seconds"]) == (4, 1, 80)
    assert [(part["severity"], part["total"], part["breaches"]) for part in counts["by_severity"]] == [
        ("emergency", 2, 1), ("urgent", 1, 0), ("maintenance", 1, 0),
    ]  # fmt: skip
    assert client.get("/api/v1/records/summary", params={"q": "送医"}).json()["total"] == 1
    nothing = client.get("/api/v1/records/summary", params={"rule": "none"}).json()
    assert nothing == {"total": 0, "breaches": 0, "median_answer_seconds": None, "by_severity": []}
    chosen = client.get("/api/v1/records/choices").json()
    assert [person["name"] for person in chosen["handlers"]] == ["测试·op1", "测试·op2"]
    assert sorted(rule["name"] for rule in chosen["rules"]) == ["battery_low", "gas", "sos"]


def test_records_come_in_pages_without_gap(service):
    wanted = some(service)
    client, found, cursor = service.login("op1"), [], None
    while True:
        page = client.get("/api/v1/records", params={"limit": 1, **({"cursor": cursor} if cursor else {})}).json()
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert found == wanted


def test_another_area_has_no_part_in_it(service):
    some(service)
    client = service.login("far")
    assert client.get("/api/v1/records", params={"home": service.registry.homes[0]}).json()["items"] == []
    assert client.get("/api/v1/records", params={"q": "送医"}).json()["items"] == []
    assert client.get("/api/v1/records/summary").json()["total"] == 0
    assert client.get("/api/v1/records/choices").json() == {"handlers": [], "rules": []}


def test_the_database_and_the_programs_have_the_same_limits(database):
    with psycopg.connect(database.owner) as conn:
        for severity in Severity:
            row = conn.execute("SELECT answer_within(%s)", (severity,)).fetchone()
            assert row == (ANSWER_WITHIN.get(severity),)
