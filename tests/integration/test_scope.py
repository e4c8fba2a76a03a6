"""The database itself holds a request to its caller's scope: a query that forgets its condition gives nothing foreign.

The tables come from the database: a new one that nobody has put into one of the two tables below fails here.
"""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from api.access import Db
from api.accounts.store import Caller, enter_scope
from core.database import connect, pool
from core.roles import Role
from tests.registry import HASH, seed

NOW = datetime.now(UTC)
# For each held table or view: what tells its rows apart, and whose a row is as the schema's owner sees it: the path of
# an area, or a vendor. `*` is for every caller with an area.
HOME = "(SELECT ar.path FROM home h JOIN area ar ON ar.id = h.area_id WHERE h.id = t.home_id)"
PLACE = "SELECT ar.path FROM device d JOIN home h ON h.id = d.home_id JOIN area ar ON ar.id = h.area_id"
DEVICE = f"({PLACE} WHERE d.id = t.{{}})"
MAKER = "(SELECT vendor_id FROM device d WHERE d.id = t.{})"
HISTORY = "SELECT path::text FROM alert a JOIN area ar ON ar.id = area_id WHERE a.id = t.alert_id"
SENT = "concat('sw/v1/', (SELECT code FROM vendor v WHERE v.id = t.vendor_id), '/', d.serial, '/telemetry') = t.topic"
HELD = {
    "area": ("id", "path", "NULL"),
    "home": ("id", "(SELECT path FROM area ar WHERE ar.id = t.area_id)", "NULL"),
    "person": ("id", HOME, "NULL"),
    "contact": ("id", HOME, "NULL"),
    "home_search": ("home_id", HOME, "NULL"),
    "baseline": ("home_id", HOME, "NULL"),
    "installation_in_scope": ("device_id", HOME, "NULL"),
    "device": ("id", HOME, "t.vendor_id"),
    "latest": ("device_id", DEVICE.format("device_id"), MAKER.format("device_id")),
    "device_note": ("device_id", DEVICE.format("device_id"), MAKER.format("device_id")),
    "reading_in_scope": ("device_id", DEVICE.format("device_id"), MAKER.format("device_id")),
    "reading_hourly_in_scope": ("device_id", DEVICE.format("device_id"), MAKER.format("device_id")),
    "alert": ("id", "coalesce((SELECT path::text FROM area ar WHERE ar.id = t.area_id), '*')", "NULL"),
    "alert_event": ("id", f"coalesce(({HISTORY}), '*')", "NULL"),
    "dead_letter": ("id", f"({PLACE} WHERE d.vendor_id = t.vendor_id AND {SENT})", "t.vendor_id"),
    "area_in_scope": ("id", "path", "NULL"),
    "home_in_scope": ("id", "(SELECT path FROM area ar WHERE ar.id = t.area_id)", "NULL"),
    "home_search_in_scope": ("home_id", HOME, "NULL"),
    "device_in_scope": ("id", HOME, "t.vendor_id"),
    "alert_in_scope": ("id", "coalesce((SELECT path::text FROM area ar WHERE ar.id = t.area_id), '*')", "NULL"),
    "home_photo": ("home_id", HOME, "NULL"),
    "access_log": ("home_id", HOME, "NULL"),
    "policy": ("id", f"coalesce({HOME}, (SELECT path FROM area ar WHERE ar.id = t.area_id))", "NULL"),
    "device_battery": ("device_id", DEVICE.format("device_id"), MAKER.format("device_id")),
    "vendor": ("id", "'*'", "t.id"),
    "account": ("id", "CASE WHEN t.vendor_id IS NULL THEN '*' END", "t.vendor_id"),
    "session": ("id", "(SELECT username FROM account a WHERE a.id = t.account_id)", "NULL"),
}  # fmt: skip
# What every request may read, and why.
OPEN = {
    "category": "kinds of hardship that the bureau lists; who has one stands with the person",
    "metric": "what can be measured; says nothing about anybody",
    "device_type": "what can be installed; says nothing about anybody",
    "batch": "number and time of what waits for the engine, nothing of its contents (the grant)",
}


@pytest.fixture
def city(database):
    """Two districts, each with a home and something in every table."""
    registry = seed(database.owner, homes=1, types=("sos_button", "wristband"))
    with psycopg.connect(database.owner) as conn:
        conn.execute("INSERT INTO area (path, name) VALUES ('else', '别区'), ('else.zhen', '别镇')")
        conn.execute("INSERT INTO account (username, name, password_hash, role, area) VALUES"
                     " ('far', '测试·别区', %s, 'operator', 'else')", (HASH,))  # fmt: skip
        conn.execute("INSERT INTO account (username, name, password_hash, role, vendor_id) SELECT 'vendor-beta',"
                     " '测试·乙厂', %s, 'vendor', id FROM vendor WHERE code = 'beta'", (HASH,))  # fmt: skip
        conn.execute(
            "INSERT INTO home (code, area_id, address) SELECT 'E1', id, '别处1号' FROM area WHERE path = 'else.zhen'"
        )
        conn.execute("INSERT INTO person (home_id, name) SELECT id, '测试·别人' FROM home WHERE code = 'E1'")
        conn.execute("INSERT INTO contact (home_id, position, name, role, phone)"
                     " SELECT id, 1, '测试·邻居', '邻居', '000' FROM home WHERE code = 'E1'")  # fmt: skip
        conn.execute("INSERT INTO device (vendor_id, serial, type, home_id, installed_at)"
                     " SELECT v.id, 'e-' || v.code, 'sos_button', h.id, now() - interval '9 days'"
                     " FROM vendor v, home h WHERE h.code = 'E1'")  # fmt: skip
        conn.execute("INSERT INTO baseline SELECT id, 3, 100, 9, now() FROM home")
        conn.execute("INSERT INTO home_photo SELECT id, '\\xffd8', now() FROM home")
        conn.execute("INSERT INTO access_log (account_id, home_id, hour, first_at, last_at, fields)"
                     " SELECT a.id, h.id, date_trunc('hour', now(), 'UTC'), now(), now(), '{phones}'"
                     " FROM account a, home h WHERE a.username = 'op1'")  # fmt: skip
        conn.execute("INSERT INTO policy (rule, field, home_id, value, quieter, reason, set_by, since, review_at)"
                     " SELECT 'not_back', 'away_hours', h.id, 6, false, '头晕', a.id, now(), now()"
                     " FROM home h, account a WHERE a.username = 'op1'")  # fmt: skip
        conn.execute("INSERT INTO device_battery SELECT id, now(), 10, 90 FROM device")
        conn.execute("INSERT INTO latest SELECT id, 1, now(), 1, now(), now() FROM device")
        conn.execute("INSERT INTO device_note SELECT id, 'qos_0', now(), now(), 1 FROM device")
        conn.execute("INSERT INTO reading (ts, device_id, metric, value)"
                     " SELECT now() - interval '1 hour', id, 1, 1 FROM device")  # fmt: skip
        conn.execute("INSERT INTO dead_letter (received_at, vendor_id, topic, payload, code, reason, digest, last_at)"
                     " SELECT now(), d.vendor_id, concat_ws('/', 'sw', 'v1', v.code, d.serial, 'telemetry'), '', 'x',"
                     " 'x', d.serial::bytea, now() FROM device d JOIN vendor v ON v.id = d.vendor_id")  # fmt: skip
        for columns, values in (
            ("subject, home_id", "SELECT 'home', id FROM home"),
            ("subject, area_id", "SELECT 'area', id FROM area"),
            ("subject, vendor_id", "SELECT 'vendor', id FROM vendor"),
            ("subject", "SELECT 'site'"),
        ):
            into = f"alert ({columns}, rule, severity, occurred_at, opened_at, last_at)"
            given = f"SELECT s.*, 'sos', 'emergency', now(), now(), now() FROM ({values}) s"
            conn.execute(f"INSERT INTO {into} {given}".encode())
        conn.execute("INSERT INTO alert_event (alert_id, at, kind, note) SELECT id, now(), 'opened', '有人' FROM alert")
        conn.execute("INSERT INTO session (token_hash, account_id, expires_at)"
                     " SELECT username::bytea, id, now() + interval '1 hour' FROM account")  # fmt: skip
    return database, registry


def caller(database: Any, username: str) -> Caller:
    """The account, as a request of its has it."""
    with psycopg.connect(database.owner) as conn:
        row = conn.execute(
            "SELECT id, role, area::text, vendor_id FROM account WHERE username = %s", (username,)
        ).fetchone()
    assert row is not None
    return Caller(
        row[0], username, username, row[1], row[2], None, row[3], None, 1, False, NOW, NOW, NOW + timedelta(hours=1)
    )  # fmt: skip


def readable(conn: psycopg.Connection) -> set[str]:
    """Tables and views of which the API's requests may read something."""
    rows = conn.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('r', 'v', 'm', 'p', 'f')"
        " AND has_any_column_privilege('shouwang_api', oid, 'SELECT')"
    )
    return {name for (name,) in rows}


def test_every_table_a_request_may_read_is_held_or_open_for_a_reason(city):
    database, _ = city
    with psycopg.connect(database.owner) as conn:
        assert readable(conn) == set(HELD) | set(OPEN)
        held = conn.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relkind = 'r'"
                            " AND relnamespace = 'public'::regnamespace").fetchall()  # fmt: skip
    assert {name for (name,) in held} == {name for name in HELD if not name.endswith("_in_scope")}


def test_every_other_role_with_a_grant_on_a_held_table_sees_all_of_it(database):
    with psycopg.connect(database.owner) as conn:
        without = conn.execute(
            "SELECT c.relname, r.rolname FROM pg_class c CROSS JOIN pg_roles r"
            " WHERE c.relrowsecurity AND c.relnamespace = 'public'::regnamespace AND r.rolname LIKE 'shouwang%'"
            " AND r.rolname <> 'shouwang_api' AND (has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE')"
            "  OR has_table_privilege(r.oid, c.oid, 'DELETE'))"
            " AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND r.oid = ANY(p.polroles))"
        ).fetchall()
    assert without == [], "call hold_scope again after a new grant"


def keys(conn: psycopg.Connection, query: str) -> set[Any]:
    """The first column of a query."""
    return {row[0] for row in conn.execute(query.encode())}


@pytest.mark.parametrize(("username", "area"), [("op1", "qu"), ("far", "else")])
def test_without_any_condition_an_operator_gets_what_lies_in_the_area(city, username, area):
    database, _ = city
    me = caller(database, username)
    with psycopg.connect(database.owner) as owner, connect(database.url("api"), "test") as conn:
        enter_scope(conn, me)
        for table, (key, path, _) in HELD.items():
            source = f"{table.removesuffix('_in_scope')} t"
            everything = keys(owner, f"SELECT {key} FROM {source}")
            whose = f"({path})::text = '*' OR ({path})::text ~ '^{area}'"
            mine = keys(owner, f"SELECT {key} FROM {source} WHERE {whose if table != 'session' else _mine(me)}")
            assert mine, f"{table}: nothing to be seen"
            assert mine < everything or table == "vendor", f"{table}: nothing foreign to be kept from"
            assert (table, keys(conn, f"SELECT {key} FROM {table}")) == (table, mine)


@pytest.mark.parametrize("username", ["vendor-acme", "vendor-beta"])
def test_without_any_condition_a_vendor_gets_what_is_its_own(city, username):
    database, _ = city
    me = caller(database, username)
    with psycopg.connect(database.owner) as owner, connect(database.url("api"), "test") as conn:
        enter_scope(conn, me)
        for table, (key, _, vendor) in HELD.items():
            whose = f"{vendor} = {me.vendor_id}" if table != "session" else _mine(me)
            mine = keys(owner, f"SELECT {key} FROM {table.removesuffix('_in_scope')} t WHERE {whose}")
            assert (table, keys(conn, f"SELECT {key} FROM {table}")) == (table, mine)


def _mine(me: Caller) -> str:
    return f"account_id = {me.id}"


def test_a_request_that_enters_no_scope_sees_nothing(city):
    database, _ = city
    with connect(database.url("api"), "test") as conn:
        for table, (key, _, _) in HELD.items():
            assert (table, keys(conn, f"SELECT {key} FROM {table}")) == (table, set())


def test_nothing_foreign_can_be_changed_or_added_to(city):
    database, _ = city
    with connect(database.url("api"), "test") as conn:
        enter_scope(conn, caller(database, "far"))
        ((before,),) = conn.execute("SELECT count(*) FROM alert").fetchall()
        assert conn.execute("UPDATE alert SET handler_id = handler_id").rowcount == before
        assert conn.execute("UPDATE dead_letter SET answer = 'x'").rowcount == 2
        assert conn.execute("DELETE FROM session").rowcount == 1
        foreign = _foreign_alert(database)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            conn.execute("INSERT INTO alert_event (alert_id, at, kind) VALUES (%s, now(), 'comment')", (foreign,))


def _foreign_alert(database: Any) -> int:
    with psycopg.connect(database.owner) as conn:
        row = conn.execute("SELECT a.id FROM alert a JOIN home h ON h.id = home_id WHERE h.code = 'H0000'").fetchone()
    assert row is not None
    return int(row[0])


def test_what_a_device_measured_in_another_areas_home_stays_there(city):
    database, registry = city
    device, _ = registry.device(0, "wristband")
    with psycopg.connect(database.owner) as conn:
        conn.execute("UPDATE device SET home_id = (SELECT id FROM home WHERE code = 'E1') WHERE id = %s", (device,))
        conn.execute("INSERT INTO reading (ts, device_id, metric, value)"
                     " VALUES (clock_timestamp() + interval '1 s', %s, 1, 2)", (device,))  # fmt: skip
    seen = {}
    for username in ("op1", "far"):
        with connect(database.url("api"), "test") as conn:
            enter_scope(conn, caller(database, username))
            rows = conn.execute("SELECT value FROM reading_in_scope WHERE device_id = %s", (device,)).fetchall()
            seen[username] = [value for (value,) in rows]
    assert seen == {"op1": [1.0], "far": [2.0]}


NOTHING_OF = {
    None: (
        "SELECT password_hash FROM account", "SELECT token_hash FROM session", "SELECT key FROM browser_key",
        "SELECT * FROM reading", "SELECT * FROM reading_hourly", "SELECT * FROM vendor_account",
        "UPDATE account SET password_hash = ''",
        "INSERT INTO session (token_hash, account_id, expires_at) VALUES ('', 1, now())",
    ),
    "shouwang_door": ("SELECT * FROM home", "SELECT * FROM alert"),
    "shouwang_watch": (
        "SELECT password_hash FROM account", "SELECT * FROM contact", "UPDATE alert SET handler_id = NULL"
    ),
}  # fmt: skip


def test_requests_whoever_lets_in_and_whoever_watches_have_nothing_of_each_other(database):
    for role, statements in NOTHING_OF.items():
        for statement in statements:
            with (
                connect(database.url("api"), "test", role=role) as conn,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                conn.execute(statement.encode())


def test_no_scope_leaks_from_one_request_to_the_next_on_its_connection(city):
    database, _ = city
    with pool(database.url("api"), "test", size=1) as connections:
        with Db(caller(database, "op1"), connections).begin() as conn:
            process = conn.info.backend_pid
            assert conn.execute("SELECT count(*) FROM home").fetchone() == (1,)
        with connections.connection() as conn:
            assert conn.info.backend_pid == process
            assert conn.execute("SELECT count(*) FROM home").fetchone() == (0,)
        with Db(caller(database, "far"), connections).begin() as conn:
            assert conn.execute("SELECT code FROM home").fetchall() == [("E1",)]


def test_a_request_that_raises_writes_nothing_and_gives_its_connection_back(city):
    database, _ = city
    with pool(database.url("api"), "test", size=1) as connections:
        with suppress(ZeroDivisionError), Db(caller(database, "op1"), connections).begin() as conn:
            conn.execute("UPDATE dead_letter SET answer = 'x'")
            raise ZeroDivisionError
        with Db(caller(database, "op1"), connections).begin() as conn:
            assert conn.execute("SELECT count(*) FROM dead_letter WHERE answer = 'x'").fetchone() == (0,)


def test_a_login_that_policies_do_not_hold_is_refused(city):
    database, _ = city
    with psycopg.connect(database.owner) as conn, pytest.raises(psycopg.OperationalError, match="shouwang_api"):
        enter_scope(conn, caller(database, "op1"))


def test_the_database_knows_the_same_roles(database):
    with psycopg.connect(database.owner) as conn:
        (check,) = conn.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'account_role_check'"
        ).fetchone()
    assert all(f"'{role}'" in check for role in Role)
    assert check.count("::text") == len(Role)
