"""Urgent messages without a home stand on the desk until answered; vendors see what to mend at a device."""

import pytest

from tests.api_service import serving
from tests.command import Command


@pytest.fixture
def service(database):
    with serving(database, homes=1) as running:
        yield running


def letter(service, *, serial="sos_button-0", urgent=True, code="retired_device"):
    [(number,)] = service.sql(
        "INSERT INTO dead_letter (received_at, vendor_id, topic, payload, code, reason, digest, last_at, urgent)"
        " VALUES (now(), (SELECT id FROM vendor WHERE code = 'acme'), %s, 'x', %s, 'not registered',"
        "         gen_random_uuid()::text::bytea, now(), %s) RETURNING id",
        f"sw/v1/acme/{serial}/event", code, urgent,
    )  # fmt: skip
    return number


def problems(client):
    return [one for one in client.get("/api/v1/health").json()["problems"] if one["code"] == "unheard_emergency"]


def test_an_urgent_message_is_a_loud_problem_until_one_of_two_operators_has_answered(service):
    first, second = service.login("op1"), service.login("op2")
    assert problems(first) == []
    number = letter(service)
    [problem] = problems(first)
    assert problem["aloud"]
    assert "acme" in problem["message_zh"]
    assert (
        first.post(f"/api/v1/dead-letters/{number}/answer", json={"answer": "已电话核实，老人无恙"}).status_code == 200
    )
    late = second.post(f"/api/v1/dead-letters/{number}/answer", json={"answer": "我也打过"})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "conflict")
    assert problems(first) == []
    [item] = second.get("/api/v1/dead-letters").json()["items"]
    assert (item["urgent"], item["answered_by"], item["answer"]) == (True, "测试·op1", "已电话核实，老人无恙")


def test_the_urgent_ones_can_be_listed_alone(service):
    wanted, other = letter(service), letter(service, urgent=False)
    client = service.login("op1")
    listed = {
        flag: [item["id"] for item in client.get("/api/v1/dead-letters", params={"unanswered": flag}).json()["items"]]
        for flag in ("true", "false")
    }
    assert listed == {"true": [wanted], "false": [other]}


@pytest.mark.parametrize("body", [{}, {"answer": ""}, {"answer": "x" * 2001}, {"answer": "a\0b"}, {"note": "x"}])
def test_an_answer_says_what_was_found_and_is_bounded(service, body):
    number = letter(service)
    assert service.login("op1").post(f"/api/v1/dead-letters/{number}/answer", json=body).status_code == 422


def test_what_is_not_urgent_has_nothing_to_answer_and_a_vendor_answers_for_nothing(service):
    number = letter(service, urgent=False)
    path = f"/api/v1/dead-letters/{number}/answer"
    assert service.login("op1").post(path, json={"answer": "x"}).status_code == 409
    assert service.login("vendor-acme").post(path, json={"answer": "x"}).status_code == 403


def test_a_device_shows_what_its_vendor_should_mend(service):
    device, serial = service.registry.device(0, "climate_sensor")
    for code, age in (("qos_0", "2 hours"), ("clock_seconds", "1 minute")):
        service.sql(
            "INSERT INTO device_note VALUES (%s, %s, now() - interval '3 hours', now() - %s::interval, 7)",
            device, code, age,
        )  # fmt: skip
    for username in ("op1", "vendor-acme"):
        client = service.login(username)
        [item] = client.get("/api/v1/devices", params={"noted": "true"}).json()["items"]
        assert item["serial"] == serial
        assert [(note["code"], note["count"]) for note in item["notes"]] == [("clock_seconds", 7), ("qos_0", 7)]
        assert client.get(f"/api/v1/devices/{device}").json()["notes"] == item["notes"]
    others = service.login("op1").get("/api/v1/devices", params={"noted": "false"}).json()["items"]
    assert serial not in {item["serial"] for item in others}
    assert all(item["notes"] == [] for item in others)


def test_what_was_not_kept_whole_can_not_be_replayed(service):
    number = letter(service, urgent=False)
    service.sql("UPDATE dead_letter SET whole = false")
    client = service.login("vendor-acme")
    assert client.get("/api/v1/dead-letters").json()["items"][0]["whole"] is False
    assert client.post(f"/api/v1/dead-letters/{number}/replay").status_code == 409


def test_the_command_line_lists_and_replays_what_the_api_shows(service, tmp_path):
    older, newer = letter(service, urgent=False), letter(service, urgent=False, code="not_json")
    taken = letter(service, urgent=False)
    service.sql(f"UPDATE dead_letter SET replayed_at = now() WHERE id = {taken}")
    command, client = Command(service.database, tmp_path), service.login("vendor-acme")
    lines = command.done("dead-letters", "list", "--vendor", "acme").splitlines()
    assert [int(line.split("\t")[0]) for line in lines[::2]] == [newer, older]
    assert command.done("dead-letters", "replay", str(taken), str(older)) == "1 will be replayed"
    assert command.done("dead-letters", "replay", "--code", "not_json") == "1 will be replayed"
    items = client.get("/api/v1/dead-letters").json()["items"]
    assert {item["id"]: item["replay_requested_at"] is not None for item in items} == {
        newer: True, older: True, taken: False,
    }  # fmt: skip
    first = client.get("/api/v1/dead-letters", params={"limit": 1}).json()
    rest = client.get("/api/v1/dead-letters", params={"cursor": first["next_cursor"]}).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == [taken, newer, older]
    assert rest["next_cursor"] is None
