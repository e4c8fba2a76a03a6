"""A site that is running already: what stood open asks, what was closed says who closed it and when it was answered."""

import psycopg
import pytest

from core.database import migrate, mirror_catalogue
from tests.older import older
from tests.registry import seed

ROWS = """
    INSERT INTO alert (home_id, rule, severity, state, occurred_at, opened_at, last_at, evidence, acknowledged_at,
        suppressed_by, suppressed_until, handler_id, resolved_at, disposition)
    SELECT home.id, rule, 'urgent', state, t, t, t, evidence::jsonb, acknowledged, suppressed,
        CASE WHEN suppressed IS NOT NULL THEN now() END, handler, closed, CASE WHEN closed IS NOT NULL THEN 'real' END
    FROM home, (SELECT timestamptz '2026-03-01 08:00Z' AS t) begun, (VALUES
        ('open', 'open', '{"value": 20, "limit": 10}', NULL::timestamptz, NULL, NULL::integer, NULL::timestamptz),
        ('shown', 'open', '{}', NULL, 'goes_on', NULL, NULL),
        ('taken', 'acknowledged', '{"value": 1}', t1(), NULL, 1, NULL),
        ('closed', 'resolved', '{}', NULL, NULL, 1, t2()),
        ('closed by another', 'resolved', '{}', t1(), NULL, 1, t2()),
        ('ended', 'resolved', '{}', NULL, NULL, NULL, t2())
    ) AS v (rule, state, evidence, acknowledged, suppressed, handler, closed)
"""


@pytest.fixture
def filled(cluster):
    with older(cluster, "0011") as url:
        with psycopg.connect(url) as conn:
            mirror_catalogue(conn)
        seed(url, homes=1, types=("sos_button",), chief="admin")
        with psycopg.connect(url) as conn:
            rows = ROWS.replace("t1()", "timestamptz '2026-03-01 08:05Z'").replace(
                "t2()", "timestamptz '2026-03-01 09:00Z'"
            )
            conn.execute(rows)
            conn.execute(
                "INSERT INTO alert_event (alert_id, at, kind, account_id) SELECT id, resolved_at, 'resolved',"
                " CASE rule WHEN 'closed' THEN 1 WHEN 'closed by another' THEN 2 END FROM alert"
                " WHERE state = 'resolved'"
            )
        yield url


def test_what_stood_open_asks_and_what_was_closed_says_by_whom(filled):
    assert "0011_answers" in migrate(filled)
    with psycopg.connect(filled) as conn:
        found = conn.execute(
            "SELECT rule, asks_since = opened_at, resolved_by_id, acknowledged_at = resolved_at, last_value, peak_value"
            " FROM alert ORDER BY id"
        ).fetchall()
        assert found == [
            ("open", True, None, None, 20, 20), ("shown", None, None, None, None, None),
            ("taken", None, None, None, None, None), ("closed", None, 1, True, None, None),
            ("closed by another", None, 2, False, None, None), ("ended", None, None, None, None, None),
        ]  # fmt: skip
        conn.execute("INSERT INTO alert_event (alert_id, at, kind) SELECT id, now(), 'undone' FROM alert LIMIT 1")
        with pytest.raises(psycopg.errors.CheckViolation):
            conn.execute("INSERT INTO alert_event (alert_id, at, kind) SELECT id, now(), 'nothing' FROM alert LIMIT 1")
