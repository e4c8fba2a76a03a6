"""What is known of people: shown to whom it is for, written by registrars, logged when it is read, gone when erased."""

import io
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

from api.homes import people_store
from registry import access_store, fields
from registry import people_store as people
from shouwang.cli import app
from tests.api_service import serving

NOW = datetime(2026, 5, 1, 8, 30, tzinfo=UTC)
PERSON = {
    "name": "测试·老人1", "phones": ["138 0013 8000"], "illnesses": "高血压", "medication": "阿司匹林",
    "language": "吴语",
    "categories": ["alone"], "ability": 2, "ability_on": "2026-01-05", "self_care": [True] * 5 + [False],
    "self_care_on": "2026-01-05", "carer": "测试·联系人1", "carer_since": "2026-01-01", "carer_until": "2026-12-31",
    "spo2_scale": 2, "note": "听力差\n请大声",
}  # fmt: skip
CONTACT = {
    "name": "测试·女儿", "role": "家属", "phone": "000-1111-2222", "other_phones": ["000-3333"], "relation": "女儿",
    "hours": "08:00-20:00", "holds_key": True,
}  # fmt: skip


@pytest.fixture
def service(database):
    with serving(database, homes=2) as running:
        running.other_area()
        running.sql(
            "INSERT INTO account (username, name, password_hash, role, area)"
            " SELECT 'registrar-far', '测试·别区登记员', password_hash, role, 'elsewhere' FROM account"
            " WHERE username = 'registrar'"
        )
        yield running


@pytest.fixture
def registrar(service):
    return service.login("registrar")


def path(service, number=0):
    return f"/api/v1/homes/{service.registry.homes[number]}"


def write(service, client, **changes):
    revision = client.get(path(service)).json()["revision"]
    return client.put(path(service), json={"revision": revision, **changes})


def fill(service, client):
    (found,) = client.get(path(service)).json()["residents"]
    answer = write(
        service, client, address="测试村9号", key_place="花盆下", dog="有，拴着", latitude=31.2304, longitude=121.4737,
        residents=[{"id": found["id"], **PERSON}], contacts=[CONTACT],
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_a_registrar_writes_is_shown_on_the_page_of_the_home_and_beside_its_alerts(service, registrar):
    written = fill(service, registrar)
    alert = service.raise_alert()
    for shown in (written, service.login("op1").get(f"/api/v1/alerts/{alert}").json()):
        (person,) = shown["residents"]
        assert {name: person[name] for name in PERSON if name != "categories"} == {
            name: value for name, value in PERSON.items() if name != "categories"
        }
        assert person["categories"] == [{"code": "alone", "zh": "独居", "en": "lives alone"}]
        assert shown["contacts"] == [{"position": 1, **CONTACT}]
        assert (shown["door"]["key_place"], shown["door"]["latitude"], shown["hidden"]) == ("花盆下", 31.2304, [])


def test_a_field_that_is_not_given_stays_and_who_is_not_named_is_deleted(service, registrar):
    (person,) = fill(service, registrar)["residents"]
    after = write(service, registrar, residents=[{"id": person["id"], "name": "测试·改名", "ability": None}]).json()
    (person,) = after["residents"]
    assert (person["name"], person["illnesses"], person["ability"]) == ("测试·改名", "高血压", None)
    assert (after["address"], len(after["contacts"])) == ("测试村9号", 1)
    assert write(service, registrar, residents=[{"name": "测试·新来"}]).json()["residents"][0]["name"] == "测试·新来"
    assert service.sql("SELECT count(*) FROM person WHERE name = '测试·改名'") == [(0,)]


def test_the_second_of_two_who_write_at_once_is_told(service, registrar):
    revision = registrar.get(path(service)).json()["revision"]
    assert registrar.put(path(service), json={"revision": revision, "dog": "有"}).status_code == 200
    late = registrar.put(path(service), json={"revision": revision, "dog": "没有"})
    assert (late.status_code, late.json()["error"]["code"]) == (409, "conflict")
    assert registrar.get(path(service)).json()["door"]["dog"] == "有"


def test_a_person_of_another_home_cannot_be_taken_over_by_its_number(service, registrar):
    (other,) = registrar.get(path(service, 1)).json()["residents"]
    write(service, registrar, residents=[{"id": other["id"], "name": "测试·偷"}])
    assert registrar.get(path(service, 1)).json()["residents"][0]["name"] == "测试·老人2"


@pytest.mark.parametrize(
    "change",
    [
        {"latitude": 31.2}, {"latitude": 91, "longitude": 0}, {"address": ""}, {"dog": "狗\n" * 3}, {"dog": "长" * 101},
        {"residents": [{"name": "甲", "categories": ["rich"]}]}, {"residents": [{"name": "甲"}, {"name": "甲"}]},
        {"residents": [{"name": "甲", "phones": ["没有"]}]}, {"residents": [{"name": "甲", "self_care": [True]}]},
        {"residents": [{"name": "甲", "carer_since": "2026-02-01", "carer_until": "2026-01-01"}]},
        {"residents": [{"name": "甲", "ability": 5}]}, {"residents": [{"name": "甲", "salary": 1}]},
        {"contacts": [CONTACT | {"name": "a:b"}]}, {"contacts": [CONTACT] * 21},
        {"contacts": [CONTACT | {"phone": "x"}]},
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_and_nothing_is_written(service, registrar, change):
    before = registrar.get(path(service)).json()
    answer = write(service, registrar, **change)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid"), answer.text
    assert registrar.get(path(service)).json()["residents"] == before["residents"]


def test_only_registrars_of_the_area_write(service):
    for username, status in (("op1", 403), ("far", 403), ("vendor-acme", 403)):
        client = service.login(username)
        assert client.put(path(service), json={"revision": 1, "dog": "有"}).status_code == status
        assert client.put(f"{path(service)}/photo", content=b"x").status_code == status
    registrar = service.login("registrar-far")
    assert registrar.put(path(service), json={"revision": 1, "dog": "有"}).status_code == 404
    assert registrar.put(f"{path(service)}/photo", content=photo()).status_code == 404


EACH = [(one.permission, one.name) for one in (*fields.HOME, *fields.PERSON)]


@pytest.mark.parametrize("sees", [set(), {fields.SEEN}, {fields.SEEN, fields.CONTACTS}, {fields.SEEN, fields.HEALTH}])
def test_each_role_is_given_its_own_fields_and_the_log_says_which(service, registrar, sees):
    fill(service, registrar)
    sees = sees | {fields.HOMES}
    service.sql("DELETE FROM access_log")
    with psycopg.connect(service.database.owner) as conn:
        account, home = service.registry.accounts["op1"], service.registry.homes[0]
        found = people_store.tell(conn, account, home, sees, NOW)
        conn.commit()
        log = [one.fields for one in access_store.of_home(conn, home)]
    assert (len(found.residents), len(found.contacts)) == (fields.SEEN in sees, fields.CONTACTS in sees)
    given = {**found.door.model_dump(), **(found.residents[0].model_dump() if found.residents else {})}
    for permission, name in EACH:
        if name in given:
            assert (name, given[name] is None) == (name, permission not in sees)
        assert (name in found.hidden) == (permission not in sees)
    logged = {name for permission, name in EACH if permission in sees & fields.LOGGED and name in given}
    logged |= {"contacts"} if fields.CONTACTS in sees else set()
    assert log == ([sorted(logged)] if logged else [])


def test_a_page_that_reads_itself_anew_is_logged_once_an_hour_with_its_first_and_last_time(service):
    account, home = service.registry.accounts["op1"], service.registry.homes[0]
    with psycopg.connect(service.database.owner) as conn:
        for seconds in range(0, 3600, 10):
            access_store.write(conn, account, home, {"phones"}, NOW + timedelta(seconds=seconds))
        access_store.write(conn, account, home, {"illnesses"}, NOW + timedelta(seconds=3591))
        first, second = access_store.of_home(conn, home)
    assert (second.first_at, second.fields) == (NOW, ["phones"])
    assert (first.first_at, first.fields) == (NOW + timedelta(minutes=30), ["illnesses", "phones"])


def photo(size=(2000, 1500)):
    out = io.BytesIO()
    Image.new("RGB", size, "green").save(out, "JPEG")
    return out.getvalue()


def test_a_photo_of_the_door_is_kept_small_and_its_like_is_refused(service, registrar):
    where = f"{path(service)}/photo"
    assert registrar.get(where).status_code == 404
    assert registrar.put(where, content=photo()).status_code == 204
    answer = service.login("op1").get(where)
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("image/jpeg", "no-store")
    assert Image.open(io.BytesIO(answer.content)).size == (1280, 960)
    assert registrar.get(path(service)).json()["door"]["has_photo"] is True
    for content, status in ((b"<svg/>", 422), (bytes(9 << 20), 413), (b"", 422)):
        assert registrar.put(where, content=content).status_code == status
    assert service.login("far").get(where).status_code == 404
    assert (registrar.delete(where).status_code, registrar.get(where).status_code) == (204, 404)


def test_a_stranger_cannot_send_megabytes(service):
    answer = service.client().put(f"{path(service)}/photo", content=bytes(4 << 20))
    assert answer.status_code == 401


def test_the_bureau_adds_categories_and_withdraws_them(service, registrar):
    where = "/api/v1/categories/flood_area"
    assert registrar.put(where, json={"zh": "受灾", "en": "flooded"}).status_code == 204
    assert (
        write(service, registrar, residents=[{"name": "测试·老人1", "categories": ["flood_area"]}]).status_code == 200
    )
    assert registrar.put(where, json={"zh": "受灾户", "en": "flooded", "offered": False}).status_code == 204
    found = {one["code"]: one for one in service.login("op1").get("/api/v1/categories").json()}
    assert (found["flood_area"]["zh"], found["flood_area"]["offered"]) == ("受灾户", False)
    assert registrar.get(path(service)).json()["residents"][0]["categories"][0]["zh"] == "受灾户"


ODD = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
ANY = st.one_of(ODD, st.none(), st.booleans(), NUMBERS, st.lists(ODD, max_size=3))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(st.sampled_from(sorted(PERSON)), ANY, max_size=4),
    st.dictionaries(st.sampled_from(sorted(CONTACT)), ANY),
)
def test_whatever_is_written_is_taken_or_refused_never_an_error_of_ours(service, registrar, person, contact):
    answer = write(service, registrar, residents=[PERSON | person], contacts=[CONTACT | contact])
    assert answer.status_code in {200, 422}, answer.text


def test_a_home_is_found_by_every_number_of_its_people_and_contacts(service, registrar):
    fill(service, registrar)
    client = service.login("op1")
    for number in ("13800138000", "0000-1111", "000 3333"):
        found = [one["code"] for one in client.get("/api/v1/homes", params={"q": number}).json()["items"]]
        assert (number, found) == (number, ["H0000"] if number != "0000-1111" else [])


def command(service, monkeypatch, *words):
    monkeypatch.setenv("SHOUWANG_DATABASE_URL", service.database.url("registrar"))
    found = CliRunner().invoke(app, list(words))
    assert found.exit_code == 0, found.output
    return found.output


def noted(service, home=0):
    number = service.raise_alert(home)
    service.sql(
        "INSERT INTO alert_event (alert_id, at, kind, note) VALUES (%s, now(), 'comment', '老人1 不开门')", number
    )
    return number


def test_who_looked_at_a_home_is_listed_by_the_command(service, registrar, monkeypatch):
    fill(service, registrar)
    service.login("op1").get(path(service))
    said = command(service, monkeypatch, "home", "accesses", "H0000")
    assert "op1" in said
    assert "illnesses" in said
    assert "高血压" not in said


def test_an_erased_person_is_nowhere_in_the_database_and_the_alerts_stay(service, registrar, monkeypatch):
    fill(service, registrar)
    alert = noted(service)
    command(service, monkeypatch, "person", "erase", "H0000", "测试·老人1", "--yes")
    shown = registrar.get(path(service)).json()
    assert (shown["residents"], len(shown["contacts"])) == ([], 1)
    told = service.login("op1").get(f"/api/v1/alerts/{alert}").json()
    assert [event["note"] for event in told["events"]] == ["", ""]
    assert_nowhere(service, "老人1", "高血压", "13800138000", "138 0013 8000")


def test_an_erased_home_leaves_its_alerts_and_nothing_that_says_whose_they_were(service, registrar, monkeypatch):
    fill(service, registrar)
    registrar.put(f"{path(service)}/photo", content=photo())
    alert = noted(service)
    command(service, monkeypatch, "home", "erase", "H0000", "--yes")
    told = service.login("op1").get(f"/api/v1/alerts/{alert}").json()
    assert (told["home"]["code"], told["home"]["address"]) == (f"erased-{service.registry.homes[0]}", "")
    assert_nowhere(service, "老人1", "高血压", "花盆下", "测试·女儿", "测试村9号", "H0000", "31.2304")
    assert service.sql("SELECT count(*) FROM home_photo") == [(0,)]
    assert service.sql("SELECT count(*) FROM device WHERE retired_at IS NULL AND home_id = 1") == [(0,)]
    with pytest.raises(psycopg.errors.RaiseException):  # the history takes nothing else back
        service.sql("UPDATE alert_event SET note = 'x'")


def assert_nowhere(service, *texts):
    """No row of any table holds one of these texts."""
    tables = service.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for (table,) in tables:
        for text in texts:
            found = service.sql(f"SELECT count(*) FROM {table} t WHERE strpos(t::text, %s) > 0", text)
            assert (table, text, found) == (table, text, [(0,)])


def test_a_category_that_is_not_in_the_list_is_refused_by_the_database_whoever_writes(service):
    with psycopg.connect(service.database.url("registrar")) as conn, pytest.raises(psycopg.errors.ForeignKeyViolation):
        people.write_person(conn, service.registry.homes[0], "测试·甲", {"categories": ["rich"]})
