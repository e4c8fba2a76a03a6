"""The schema is made by plain SQL, once, and its guards hold."""

import psycopg
import pytest

from core.database import migrate


def test_migrating_twice_changes_nothing(database):
    assert migrate(database.owner) == []


def test_the_alert_history_cannot_be_rewritten(database):
    with psycopg.connect(database.owner) as conn, pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        conn.execute("DELETE FROM alert_event")


@pytest.mark.parametrize(
    ("program", "statement"),
    [
        ("ingest", "SELECT * FROM person"),
        ("ingest", "DELETE FROM batch"),
        ("engine", "SELECT * FROM contact"),
        ("engine", "DELETE FROM reading"),
        ("api", "DELETE FROM alert"),
        ("api", "SELECT payload FROM batch"),
    ],
)
def test_a_program_may_do_only_what_it_needs(database, program, statement):
    with psycopg.connect(database.url(program)) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(statement)
