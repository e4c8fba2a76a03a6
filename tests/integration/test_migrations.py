"""The schema is made by plain SQL, once, and its guards hold."""

from datetime import UTC, datetime, timedelta
from importlib.resources import as_file, files

import psycopg
import pytest
from yoyo import get_backend, read_migrations

from api.accounts import store as accounts
from core.database import migrate


def test_migrating_twice_changes_nothing(database):
    assert migrate(database.owner) == []


def test_whoever_is_logged_in_stays_so_over_the_upgrade_that_gave_sessions_an_idle_limit(cluster):
    """A site of before: its sessions count as used at the moment of the upgrade."""
    name = "upgraded"
    cluster.execute(f"CREATE DATABASE {name}")
    try:
        url = cluster.server.url(name)
        backend = get_backend(url.replace("postgresql://", "postgresql+psycopg://", 1))
        with as_file(files("core").joinpath("migrations")) as folder:
            found = read_migrations(str(folder))
            backend.apply_migrations(found.__class__([one for one in found if one.id < "0006"]))
        backend.connection.close()
        with psycopg.connect(url) as conn:
            conn.execute(
                "WITH one AS (INSERT INTO account (username, name, password_hash, role, area)"
                "  VALUES ('op1', '测试', 'x', 'operator', 'qu') RETURNING id)"
                " INSERT INTO session (token_hash, account_id, created_at, expires_at)"
                " SELECT 'hash', id, now() - interval '8 hours', now() + interval '4 hours' FROM one"
            )
        assert "0008_sessions" in migrate(url)
        with psycopg.connect(url) as conn:
            me = accounts.session_account(conn, b"hash", datetime.now(UTC), timedelta(minutes=5))
        assert me is not None
    finally:
        cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")


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
        ("api", "UPDATE session SET created_at = now()"),
        ("engine", "SELECT * FROM browser_key"),
        ("registrar", "SELECT * FROM browser_key"),
    ],
)
def test_a_program_may_do_only_what_it_needs(database, program, statement):
    with psycopg.connect(database.url(program)) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute(statement)
