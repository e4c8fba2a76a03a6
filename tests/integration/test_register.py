"""A register file is imported whole or not at all, and a second time without effect."""

from contextlib import nullcontext

import psycopg
import pytest

from registry import store
from tests.register_file import HOME, read
from tests.registry import seed


def test_importing_twice_changes_nothing_and_a_moved_device_keeps_its_past(database):
    rows = [f"{HOME},acme,s1,sos_button,卧室", f"{HOME},acme,s2,door_contact,门厅"]
    moved = HOME.replace("H1,", "H2,").replace("一号", "二号") + ",acme,s1,sos_button,卧室"
    with psycopg.connect(database.url("registrar")) as conn:
        store.write_vendor(conn, "acme", "示例厂", "flat")
        first = store.write_register(conn, read(*rows))
        assert (first["homes added"], first["devices added"], first["areas added"]) == (1, 2, 4)
        assert not +store.write_register(conn, read(*rows))
        again = store.write_register(conn, read(moved, rows[1]))
        assert (again["homes added"], again["devices moved or changed"]) == (1, 1)
        history = conn.execute(
            "SELECT h.code, i.until IS NULL FROM installation i JOIN home h ON h.id = i.home_id"
            " JOIN device d ON d.id = i.device_id WHERE d.serial = 's1' ORDER BY i.since, i.until NULLS LAST"
        ).fetchall()
    assert history == [("H1", False), ("H2", True)]


BOUNDS = [
    ("area", "name", 64), ("home", "code", 64), ("home", "address", 200), ("person", "name", 64),
    ("person", "note", 2000), ("person", "illnesses", 500),
    ("home", "key_place", 200), ("contact", "hours", 64), ("home", "dog", 100), ("contact", "name", 64),
    ("contact", "role", 32), ("contact", "phone", 32),
    ("device", "room", 64), ("vendor", "name", 64), ("account", "name", 64), ("alert_event", "note", 2000),
]  # fmt: skip


@pytest.mark.parametrize(("table", "column", "most"), BOUNDS)
def test_the_database_bounds_free_text_whoever_writes_it(database, table, column, most):
    seed(database.owner, homes=1, types=("sos_button",))
    with psycopg.connect(database.owner) as conn:
        conn.execute("INSERT INTO alert (home_id, rule, severity, occurred_at, opened_at, last_at)"
                     " SELECT id, 'sos', 'emergency', now(), now(), now() FROM home")  # fmt: skip
        for length in (most, most + 1):
            outcome = nullcontext() if length == most else pytest.raises(psycopg.errors.CheckViolation)
            with outcome, conn.transaction():
                put(conn, table, column, "长" * length)


def put(conn, table, column, text):
    if table == "alert_event":  # append-only
        conn.execute(
            "INSERT INTO alert_event (alert_id, at, kind, note) SELECT id, now(), 'comment', %s FROM alert", (text,)
        )
    else:
        conn.execute(f"UPDATE {table} SET {column} = %s WHERE id = (SELECT min(id) FROM {table})", (text,))
