"""A site that is running already: nothing is deleted by the upgrade, and each room's program takes its night over."""

import psycopg
import pytest

from core.database import migrate, mirror_catalogue
from tests.older import older
from tests.registry import AREAS

KEPT = ("dead_letter", "undated_emergency", "session", "heartbeat", "access_log", "reading")


@pytest.fixture
def site(cluster):
    """A database of the schema before, with one young and one old row in every table that is cleared, and upgraded."""
    with older(cluster, "0019") as url, psycopg.connect(url, autocommit=True) as conn:
        mirror_catalogue(conn)
        for path, title in AREAS:
            conn.execute("INSERT INTO area (path, name) VALUES (%s, %s)", (path, title))
        conn.execute("INSERT INTO home (code, area_id, address) SELECT 'H1', max(id), '一号' FROM area")
        conn.execute(
            "INSERT INTO account (username, name, password_hash, role, area)"
            " VALUES ('op1', '值班', 'x', 'operator', 'qu')"
        )
        conn.execute(
            "INSERT INTO dead_letter (received_at, topic, payload, code, reason, digest, last_at)"
            " SELECT now(), 't', '', 'c', 'r', n::text::bytea, now() - n * interval '91 days'"
            " FROM generate_series(0, 1) n"
        )
        conn.execute("INSERT INTO undated_emergency VALUES ('a', now() - interval '91 days'), ('b', now())")
        conn.execute(
            "INSERT INTO session (token_hash, account_id, expires_at) SELECT n::text::bytea, id,"
            " now() + n * interval '1 hour' FROM account, generate_series(-1, 1, 2) n"
        )
        conn.execute("INSERT INTO heartbeat VALUES ('ingest/9', now() - interval '8 days'), ('ingest/1', now())")
        conn.execute(
            "INSERT INTO access_log SELECT account.id, home.id, at, at, at, '{phones}' FROM account, home,"
            " unnest(ARRAY[now() - interval '366 days', now()]) at"
        )
        conn.execute(
            "INSERT INTO reading (ts, device_id, metric, value)"
            " VALUES (now(), 1, 1, 1), (now() - interval '500 days', 1, 1, 1)"
        )
        assert "0019_nights" in migrate(url)
        yield conn


def counts(site):
    return [site.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in KEPT]


def test_the_upgrade_deletes_nothing_and_the_next_night_what_the_night_before_it_would_have(site):
    assert counts(site) == [2] * len(KEPT)
    for role, statement in (
        ("shouwang_ingest", "SELECT tidy_ingest()"),
        ("shouwang_ingest", "SELECT drop_old_readings('400 days')"),
        ("shouwang_canary", "SELECT tidy_selfcheck()"),
        ("shouwang_door", "SELECT tidy_registry()"),
        ("shouwang_door", "DELETE FROM session WHERE expires_at < now()"),
    ):
        site.execute(f"SET ROLE {role}")
        site.execute(statement)
        site.execute("RESET ROLE")
    assert counts(site) == [1] * len(KEPT)


def test_the_engine_has_nothing_left_in_other_rooms(site):
    assert site.execute("SELECT count(*) FROM pg_proc WHERE proname = 'tidy'").fetchone() == (0,)
    rights = site.execute(
        "SELECT has_function_privilege('shouwang_engine', 'drop_old_readings(interval)', 'EXECUTE'),"
        " has_table_privilege('shouwang_engine', 'access_log', 'DELETE'),"
        " has_column_privilege('shouwang_engine', 'access_log', 'hour', 'SELECT')"
    ).fetchone()
    assert rights == (False, False, False)
    held = site.execute("SELECT count(*) FROM pg_policies WHERE tablename = 'access_log' AND policyname = 'scope'")
    assert held.fetchone() == (1,)
