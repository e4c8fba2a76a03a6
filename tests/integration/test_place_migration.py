"""A site that is running already: whatever lies in an area says so itself, and says it anew when that changes."""

import itertools

import psycopg
import pytest

from core import search
from core.database import migrate, mirror_catalogue
from tests.older import older
from tests.registry import seed

LYING = ("home", "person", "contact", "home_search", "device", "installation", "alert")
PLACES = {
    table: f"SELECT DISTINCT t.place FROM {table} t JOIN home h ON h.id = t.{'id' if table == 'home' else 'home_id'}"
    " WHERE h.code = %s"
    for table in LYING
}


@pytest.fixture
def filled(cluster):
    """A database before the migration: two homes of one grid with everything, one area more, a device in stock."""
    with older(cluster, "0020") as url:
        with psycopg.connect(url) as conn:
            mirror_catalogue(conn)
            search.prepare(conn)
        seed(url, homes=2, types=("sos_button",))
        with psycopg.connect(url) as conn:
            conn.execute("INSERT INTO area (path, name) VALUES ('else', '别区')")
            conn.execute("INSERT INTO device (vendor_id, serial, type) SELECT id, 'boxed', 'sos_button' FROM vendor"
                         " WHERE code = 'acme'")  # fmt: skip
            for columns, values in (
                ("subject, home_id", "SELECT 'home', id FROM home"),
                ("subject, area_id", "SELECT 'area', id FROM area WHERE path = 'qu.zhen'"),
                ("subject, vendor_id", "SELECT 'vendor', id FROM vendor WHERE code = 'acme'"),
                ("subject", "SELECT 'site'"),
            ):
                conn.execute(
                    f"INSERT INTO alert ({columns}, rule, severity, occurred_at, opened_at, last_at)"
                    f" SELECT s.*, 'sos', 'emergency', now(), now(), now() FROM ({values}) s".encode()
                )
        yield url


@pytest.fixture
def site(filled):
    with psycopg.connect(filled) as conn:
        before = rows(conn)
    assert "0020_place" in migrate(filled)
    with psycopg.connect(filled, autocommit=True) as conn:
        yield conn, before


def rows(conn):
    """Everything that will get a place, without it."""
    return {
        table: conn.execute(f"SELECT to_jsonb(t) - 'place' FROM {table} t ORDER BY 1".encode()).fetchall()
        for table in LYING
    }


def places(conn, home="H0000"):
    return {table: [place for (place,) in conn.execute(query.encode(), (home,))] for table, query in PLACES.items()}


def all_in(place):
    return {table: [place] for table in LYING}


def test_nothing_is_lost_and_everything_lies_where_its_home_or_area_does(site):
    conn, before = site
    assert rows(conn) == before
    assert places(conn) == places(conn, "H0001") == all_in("qu.zhen.cun.wangge.")
    of_others = conn.execute("SELECT subject, place FROM alert WHERE subject <> 'home' ORDER BY 1").fetchall()
    assert of_others == [("area", "qu.zhen."), ("site", None), ("vendor", None)]
    assert conn.execute("SELECT place FROM device WHERE home_id IS NULL").fetchall() == [(None,)]


def test_a_home_that_moves_takes_with_it_all_that_is_in_it(site):
    conn, _ = site
    conn.execute("UPDATE home SET area_id = (SELECT id FROM area WHERE path = 'else') WHERE code = 'H0000'")
    assert places(conn) == all_in("else.")
    assert places(conn, "H0001") == all_in("qu.zhen.cun.wangge.")


def test_an_area_that_gets_another_path_takes_its_homes_with_it(site):
    conn, _ = site
    conn.execute("UPDATE area SET path = 'qu.zhen.cun.xin' WHERE path = 'qu.zhen.cun.wangge'")
    conn.execute("UPDATE area SET path = 'qu.xin' WHERE path = 'qu.zhen'")
    assert places(conn) == places(conn, "H0001") == all_in("qu.zhen.cun.xin.")
    assert conn.execute("SELECT place FROM alert WHERE subject = 'area'").fetchall() == [("qu.xin.",)]


def test_a_device_lies_where_it_hangs_and_in_stock_nowhere(site):
    conn, _ = site
    device = "SELECT place FROM device WHERE serial = 'boxed'"
    conn.execute("UPDATE device SET home_id = (SELECT id FROM home WHERE code = 'H0000') WHERE serial = 'boxed'")
    assert conn.execute(device).fetchone() == ("qu.zhen.cun.wangge.",)
    conn.execute("UPDATE device SET home_id = NULL WHERE serial = 'boxed'")
    assert conn.execute(device).fetchone() == (None,)
    assert places(conn)["installation"] == ["qu.zhen.cun.wangge."], "where it hung stays known"


def test_nobody_can_write_a_row_into_another_place(site):
    conn, _ = site
    for table, place in itertools.product(LYING, ("'else.'", "''", "NULL", "'qu.'")):
        with pytest.raises(psycopg.errors.IntegrityError):
            conn.execute(f"UPDATE {table} SET place = {place} WHERE place LIKE 'qu.zhen.cun.%'".encode())


SEEN = {
    "qu": {"H0000", "H0001"}, "qu.zhen.cun.wangge": {"H0000", "H0001"}, "qu1": {"qu1"}, "qu-x": {"qu-x"},
    "q": set(), "qu.zhe": set(), "": set(),
}  # fmt: skip


def test_an_area_holds_what_lies_in_it_and_nothing_whose_path_only_begins_alike(site):
    conn, _ = site
    conn.execute("INSERT INTO area (path, name) VALUES ('qu1', '近区'), ('qu-x', '另区'), ('qu_y', '又区')")
    conn.execute("INSERT INTO home (code, area_id, address) SELECT path::text, id, '一号' FROM area"
                 " WHERE path::text IN ('qu1', 'qu-x', 'qu_y')")  # fmt: skip
    for area, seen in SEEN.items():
        conn.execute("SELECT set_config('shouwang.area', %s, false)", (area,))
        assert {code for (code,) in conn.execute("SELECT code FROM home_in_scope")} == seen
