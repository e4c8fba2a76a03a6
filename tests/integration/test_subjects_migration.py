"""A site that is running already: its alerts keep their homes, and the self-check's become the site's own."""

import psycopg
import pytest

from core.database import migrate, mirror_catalogue
from registry import selfcheck_store
from tests.older import older
from tests.registry import seed


@pytest.fixture
def filled(cluster):
    with older(cluster, "0015") as url:
        with psycopg.connect(url) as conn:
            mirror_catalogue(conn)
        seed(url, homes=2, types=("sos_button",), chief="admin")
        with psycopg.connect(url) as conn:
            selfcheck_store.install(conn)
            conn.execute(
                "INSERT INTO alert (home_id, device_id, rule, severity, occurred_at, opened_at, last_at)"
                " SELECT home_id, id, CASE type WHEN 'canary' THEN 'self_check' ELSE 'sos' END, 'emergency', now(),"
                "  now(), now() FROM device"
            )
        yield url


def test_alerts_keep_their_homes_and_the_self_checks_are_the_sites_own(filled):
    assert "0015_subjects" in migrate(filled)
    with psycopg.connect(filled) as conn:
        found = conn.execute(
            "SELECT rule, subject, subject_id = coalesce(a.home_id, 0), a.area_id IS NOT DISTINCT FROM h.area_id,"
            " device_id IS NULL FROM alert a LEFT JOIN home h ON h.id = a.home_id ORDER BY a.id"
        ).fetchall()
    assert found == [
        ("sos", "home", True, True, False), ("sos", "home", True, True, False),
        ("self_check", "site", True, True, True),
    ]  # fmt: skip
