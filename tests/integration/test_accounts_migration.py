"""A site that is running already gets the accounts' schema whatever stands in its tables."""

import psycopg
import pytest

from core.database import migrate
from tests.older import older
from tests.registry import seed

LONG = "长" * 5000


@pytest.fixture
def filled(cluster):
    """A database of the version before, with texts far beyond what is allowed now."""
    with older(cluster, "0006") as url:
        with psycopg.connect(url) as conn:
            conn.execute("INSERT INTO device_type VALUES ('sos_button', '按钮', 'button')")
        seed(url, homes=1, types=("sos_button",), chief="admin")
        with psycopg.connect(url) as conn:
            for table, column in (("home", "address"), ("account", "name"), ("device", "room")):
                conn.execute(f"UPDATE {table} SET {column} = %s", (LONG,))
            conn.execute("INSERT INTO alert (home_id, rule, severity, occurred_at, opened_at, last_at)"
                         " SELECT id, 'sos', 'emergency', now(), now(), now() FROM home")  # fmt: skip
            conn.execute(
                "INSERT INTO alert_event (alert_id, at, kind, note) SELECT id, now(), 'comment', %s FROM alert", (LONG,)
            )
        yield url


def test_texts_that_are_too_long_stay_and_their_rows_can_still_be_changed(filled):
    assert "0006_accounts" in migrate(filled)
    with psycopg.connect(filled) as conn:
        assert conn.execute("SELECT address FROM home").fetchone() == (LONG,)
        conn.execute("UPDATE account SET password_hash = 'renewed at login'")
        conn.execute("UPDATE device SET retired_at = now()")
        with pytest.raises(psycopg.errors.CheckViolation), conn.transaction():
            conn.execute("UPDATE home SET address = %s", (LONG + "长",))
        with pytest.raises(psycopg.errors.CheckViolation), conn.transaction():
            conn.execute("UPDATE contact SET phone = %s", ("0" * 33,))


def test_each_vendor_has_the_account_that_bears_its_code(filled):
    migrate(filled)
    with psycopg.connect(filled) as conn:
        known = conn.execute("SELECT username, until FROM vendor_account ORDER BY username").fetchall()
    assert known == [("acme", None), ("beta", None)]


def test_an_administrator_of_before_is_a_chief_and_the_others_stay_what_they_are(filled):
    migrate(filled)
    with psycopg.connect(filled) as conn:
        roles = dict(conn.execute("SELECT username, role FROM account").fetchall())
    assert roles == {"op1": "operator", "op2": "operator", "chief": "chief", "vendor-acme": "vendor"}


def test_where_a_device_hung_first_owns_what_came_before(filled):
    with psycopg.connect(filled) as conn:
        conn.execute("INSERT INTO home (code, area_id, address) SELECT 'X1', min(id), '别处' FROM area")
        conn.execute("UPDATE device SET home_id = (SELECT id FROM home WHERE code = 'X1')")
    migrate(filled)
    with psycopg.connect(filled) as conn:
        conn.execute("UPDATE device SET home_id = (SELECT id FROM home WHERE code = 'H0000')")
        firsts = conn.execute("SELECT first FROM installation ORDER BY since").fetchall()
    assert firsts == [(True,), (False,), (False,)]


@pytest.mark.parametrize(
    ("program", "statement"),
    [
        ("ingest", "SELECT * FROM vendor_account"),
        ("canary", "SELECT * FROM vendor_account"),
        ("api", "UPDATE vendor_account SET until = NULL"),
        ("engine", "DELETE FROM vendor_account"),
        ("registrar", "DELETE FROM account"),
        ("registrar", "DELETE FROM vendor"),
    ],
)
def test_no_program_may_do_more_with_accounts_than_it_needs(database, program, statement):
    with psycopg.connect(database.url(program)) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(statement)
