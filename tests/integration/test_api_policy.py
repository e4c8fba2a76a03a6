"""What is set of the rules, by the API and by the command line: bounds, ends, history, and nobody else's area."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from typer.testing import CliRunner

from core.database import migrate, mirror_catalogue
from shouwang.cli import app
from tests.api_service import serving
from tests.older import older
from tests.registry import seed

PATH = "/api/v1/policy"


@pytest.fixture
def service(database):
    with serving(database, homes=2) as running:
        running.other_area()
        yield running


@pytest.fixture
def chief(service):
    service.sql("UPDATE account SET role = 'chief' WHERE username = 'op2'")
    return service.login("op2")


def wish(service, value=6, **more):
    return {"home_id": service.registry.homes[0], "rule": "not_back", "field": "away_hours", "value": value,
            "reason": "常常头晕", **more}  # fmt: skip


def later(**span):
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


def held(client, **place):
    rules = client.get(PATH, params=place).json()["rules"]
    return {(rule["rule"], value["field"]): value for rule in rules for value in rule["values"]}


def test_a_value_holds_for_the_home_says_where_it_comes_from_and_is_taken_back(service, chief):
    home, other = service.registry.homes
    before = held(chief, home_id=home)["not_back", "away_hours"]
    assert (before["value"], before["default"], before["least"], before["most"]) == (12, 12, 2, 72)
    answer = chief.put(PATH, json=wish(service))
    assert answer.status_code == 200
    setting = answer.json()
    assert (setting["value"], setting["quieter"], setting["set_by"], setting["until"]) == (6, False, "测试·op2", None)
    after = held(chief, home_id=home)["not_back", "away_hours"]
    assert after["value"] == 6
    assert [step["origin"] for step in after["steps"]] == ["default", "home"]
    assert after["steps"][-1]["setting"]["reason"] == "常常头晕"
    assert held(chief, home_id=other)["not_back", "away_hours"]["value"] == 12
    assert chief.post(f"{PATH}/{setting['id']}/end").status_code == 204
    assert chief.post(f"{PATH}/{setting['id']}/end").status_code == 404
    assert held(chief, home_id=home)["not_back", "away_hours"]["value"] == 12
    (line,) = chief.get(f"{PATH}/history", params={"home_id": home}).json()["items"]
    assert line["ended_by"] == "测试·op2"


def test_another_value_takes_the_place_of_the_first_and_both_stay_in_the_history(service, chief):
    home = service.registry.homes[0]
    for value in (6, 5):
        assert chief.put(PATH, json=wish(service, value)).status_code == 200
    lines = chief.get(f"{PATH}/history", params={"home_id": home}).json()["items"]
    assert [(line["value"], line["ended_at"] is None) for line in lines] == [(5, True), (6, False)]
    assert held(chief, home_id=home)["not_back", "away_hours"]["value"] == 5


@pytest.mark.parametrize(
    ("change", "status", "code", "words"),
    [
        ({"value": 100}, 422, "out_of_bounds", "2–72 h"),
        ({"rule": "gas", "field": "alarm_lel", "value": 12}, 422, "out_of_bounds", "GB 15322"),
        ({"value": 24}, 422, "out_of_bounds", "92"),
        ({"rule": "sos", "field": "on", "value": 0}, 422, "out_of_bounds", "emergencies"),
        ({"rule": "nothing"}, 422, "unknown_rule", "no such rule"), ({"reason": ""}, 422, None, ""),
        ({"home_id": 10**6}, 404, "not_found", ""), ({"area_id": 1}, 422, None, ""), ({"value": None}, 422, None, ""),
    ],
)  # fmt: skip
def test_what_is_refused_names_its_bound_and_sets_nothing(service, chief, change, status, code, words):
    answer = chief.put(PATH, json=wish(service) | change)
    assert answer.status_code == status
    assert words in answer.text
    assert code is None or answer.json()["error"]["code"] == code
    assert service.sql("SELECT count(*) FROM policy") == [(0,)]


def test_what_makes_a_rule_quieter_stands_in_a_list_until_it_ends(service, chief):
    off = {"rule": "water_leak", "field": "on", "value": 0}
    assert chief.put(PATH, json=wish(service) | off | {"until": later(days=3)}).json()["quieter"]
    assert chief.put(PATH, json=wish(service, 24, until=later(days=9))).json()["quieter"]
    assert chief.put(PATH, json=wish(service, 20, rule="device_silent", field="offline_minutes", until=later(days=1)))
    items = service.login("op1").get(f"{PATH}/quieter").json()["items"]
    assert [item["rule"] for item in items] == ["device_silent", "water_leak", "not_back"], "the first to end first"
    assert items[1]["home"] == "H0000"
    service.sql("UPDATE policy SET since = since - interval '9 days', until = now() - interval '1 s'")
    assert chief.get(f"{PATH}/quieter").json()["items"] == []


def test_a_wider_areas_value_is_seen_below_and_changed_only_where_it_was_set(service, chief):
    (district,) = service.sql("SELECT id FROM area WHERE path = 'qu'")
    (village,) = service.sql("SELECT area_id FROM home WHERE id = %s", service.registry.homes[0])
    place = {"home_id": None, "area_id": district[0]}
    setting = chief.put(PATH, json=wish(service) | place).json()
    assert setting["area"]
    service.sql("UPDATE account SET area = (SELECT path FROM area WHERE id = %s) WHERE username = 'op2'", village[0])
    narrow = service.login("op2")
    step = held(narrow, home_id=service.registry.homes[0])["not_back", "away_hours"]["steps"][-1]
    assert (step["origin"], step["value"]) == ("area", 6)
    assert narrow.post(f"{PATH}/{setting['id']}/end").status_code == 404
    assert narrow.put(PATH, json=wish(service, 5) | place).status_code == 404
    assert service.sql("SELECT value, ended_at FROM policy") == [(6, None)]
    assert narrow.put(PATH, json=wish(service, 5)).status_code == 200


def test_who_lives_elsewhere_is_not_known_here(service, chief):
    setting = chief.put(PATH, json=wish(service)).json()
    service.sql("UPDATE account SET role = 'chief' WHERE username = 'far'")
    far, home = service.login("far"), service.registry.homes[0]
    for answer in (
        far.get(PATH, params={"home_id": home}), far.get(f"{PATH}/history", params={"home_id": home}),
        far.put(PATH, json=wish(service)), far.post(f"{PATH}/{setting['id']}/end"),
    ):  # fmt: skip
        assert answer.status_code == 404
    assert far.get(f"{PATH}/quieter").json()["items"] == []


def test_an_assessment_sets_a_step_of_its_own_with_its_source(service, chief):
    service.sql("UPDATE person SET ability = 4, ability_on = now()")
    steps = held(chief, home_id=service.registry.homes[0])["not_back", "away_hours"]["steps"]
    assert [(step["origin"], step["value"]) for step in steps] == [("default", 12), ("assessment", 6)]
    assert "GB/T 42195" in steps[-1]["source"]


def test_erasing_a_home_erases_what_was_set_for_it_and_why(service, chief):
    chief.put(PATH, json=wish(service))
    service.sql("SELECT erase_home(%s, now())", service.registry.homes[0])
    assert service.sql("SELECT count(*) FROM policy") == [(0,)]


def test_erasing_a_person_erases_why_something_was_set_and_leaves_it_in_force(service, chief):
    chief.put(PATH, json=wish(service))
    service.sql("SELECT erase_alert_notes(%s)", service.registry.homes[0])
    assert service.sql("SELECT value, reason, ended_at FROM policy") == [(6, "已删除", None)]


def test_the_command_line_does_the_same(database, service, monkeypatch):
    monkeypatch.setenv("SHOUWANG_DATABASE_URL", database.url("registrar"))

    def run(*words, status=0):
        done = CliRunner().invoke(app, ["policy", *words])
        assert done.exit_code == status, done.output
        return done.output

    def put(*words, **how):
        return run("set", "not_back", "away_hours", *words, "--by", "op1", "--reason", "常常头晕", **how)

    assert "set 1" in put("6", "--home", "H0000")
    assert "2–72 h" in put("100", "--home", "H0000", status=1)
    assert "within 92 days" in put("20", "--home", "H0000", status=1)
    put("8", "--area", "qu")
    assert "no home X" in put("6", "--home", "X", status=1)
    assert "not both" in put("6", status=1)
    shown = [line.split() for line in run("show", "--home", "H0000").splitlines() if "away_hours" in line]
    assert shown == [["not_back", "away_hours", "6", "2-72", "h", "home"]]
    assert "常常头晕" in run("history", "--home", "H0000")
    run("end", "1", "--by", "op1")
    assert "has ended" in run("end", "1", "--by", "op1", status=1)
    assert "8" in run("show", "--home", "H0000")
    assert run("quieter").strip() == ""


def test_a_running_site_gets_the_table_and_everybody_judges_as_before(cluster):
    with older(cluster, "0021") as url:
        with psycopg.connect(url) as conn:
            mirror_catalogue(conn)
        seed(url, homes=2, types=("sos_button",))
        assert "0021_policy" in migrate(url)
        assert migrate(url) == []
        with psycopg.connect(url) as conn:
            assert conn.execute("SELECT (SELECT count(*) FROM home), (SELECT count(*) FROM policy)").fetchone() == (
                2,
                0,
            )
