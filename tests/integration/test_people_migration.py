"""A register of the release before keeps all it says when homes and people get their new columns."""

import psycopg
import pytest

from core.database import migrate, mirror_catalogue
from registry import people_store as people
from tests.older import older
from tests.registry import seed


@pytest.fixture
def filled(cluster):
    """A database of the schema before 0017, with homes, people, contacts and an alert somebody wrote beside."""
    with older(cluster, "0017") as url:
        with psycopg.connect(url) as conn:
            mirror_catalogue(conn)
        seed(url, homes=2, types=("sos_button",))
        with psycopg.connect(url) as conn:
            conn.execute("UPDATE person SET spo2_scale = 2, note = '听力差' WHERE home_id = 1")
            conn.execute("SELECT home_search_write(ARRAY[1, 2], true)")
            conn.execute("INSERT INTO alert (home_id, rule, severity, occurred_at, opened_at, last_at)"
                         " VALUES (1, 'sos', 'emergency', now(), now(), now())")  # fmt: skip
            conn.execute("INSERT INTO alert_event (alert_id, at, kind, note) VALUES (1, now(), 'comment', '已核实')")
        yield url


def test_what_was_known_of_people_and_homes_stays_and_the_rest_is_empty(filled):
    assert "0017_people" in migrate(filled)
    with psycopg.connect(filled) as conn:
        (person,) = people.people_of(conn, 1)
        assert (person["name"], person["spo2_scale"], person["note"]) == ("测试·老人1", 2, "听力差")
        assert (person["phones"], person["categories"], person["ability"], person["self_care"]) == ([], [], None, None)
        first, _ = people.contacts(conn, 1)
        assert (first["phone"], first["other_phones"], first["holds_key"]) == ("000-0000-0001", [], False)
        assert people.door(conn, 1)["has_photo"] is False
        assert conn.execute("SELECT phones FROM home_search WHERE home_id = 1").fetchone() == (
            "|00000000001|00000000002",
        )
        people.write_person(conn, 1, "测试·老人1", {"phones": ["138 0013 8000"]})
        assert "13800138000" in conn.execute("SELECT phones FROM home_search WHERE home_id = 1").fetchone()[0]
        assert conn.execute("SELECT count(*) FROM alert_event WHERE note = '已核实'").fetchone() == (1,)


def test_the_shipped_categories_are_there_once_and_a_second_migration_changes_nothing(filled):
    migrate(filled)
    assert migrate(filled) == []
    with psycopg.connect(filled) as conn:
        names = [zh for _, zh, _, offered in people.category_rows(conn) if offered]
    assert names[:4] == ["分散供养特困", "低保", "低保边缘", "独居"]
