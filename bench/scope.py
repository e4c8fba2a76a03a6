"""`python -m bench.scope`: what it costs that the database holds each request to its caller's scope.

Every answer is asked twice, in turns and over the same rows: as the API asks it, within the caller's scope; and as the
schema's owner, whom no policy holds, with the views `*_in_scope` replaced by bare ones that let everything through.
So `bare` is less than any API could do that keeps one area from another.
"""

import argparse
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple
from zoneinfo import ZoneInfo

import psycopg

from api.accounts.store import Caller, enter_scope
from api.alerts import detail_store as detail
from api.alerts import store as alerts
from api.alerts.models import AlertQuery
from api.devices import history_store as history
from api.devices import store as devices
from api.devices.models import DeviceQuery
from api.homes import days_store as days
from api.homes import store as homes
from api.homes.models import HomeQuery
from api.records import store as records
from api.records.models import RecordFilter, RecordQuery
from bench.district import DAYS, build
from core.catalogue import metrics
from core.database import OPTIONS, connect, grant_login, migrate
from core.roles import Role
from deploy.local.services import Postgres, ensure_root, free_port

ZONE = ZoneInfo("Asia/Shanghai")
BARE = """
    CREATE SCHEMA bare;
    CREATE VIEW bare.area_in_scope AS SELECT id FROM area;
    CREATE VIEW bare.home_in_scope AS
        SELECT h.id, h.code, h.address, a.path, h.erased_at FROM home h JOIN area a ON a.id = h.area_id;
    CREATE VIEW bare.home_search_in_scope AS
        SELECT s.*, h.code, h.address, a.path
        FROM home_search s JOIN home h ON h.id = s.home_id JOIN area a ON a.id = h.area_id;
    CREATE VIEW bare.device_in_scope AS SELECT id, vendor_id, home_id, type, retired_at FROM device;
    CREATE VIEW bare.alert_in_scope AS SELECT id FROM alert;
    CREATE VIEW bare.installation_in_scope AS
        SELECT i.device_id, i.home_id, i.since, i.until, i.first, d.type, d.room
        FROM installation i JOIN device d ON d.id = i.device_id;
    CREATE VIEW bare.reading_in_scope AS SELECT ts, device_id, metric, flags, value FROM reading;
    CREATE VIEW bare.reading_hourly_in_scope AS
        SELECT bucket, device_id, metric, readings, mean, low, high FROM reading_hourly
"""
Job = Callable[[psycopg.Connection], object]


class Cost(NamedTuple):
    """Milliseconds of the database's CPU for one answer: in scope, bare; and by the clock, in scope."""

    held: float
    bare: float
    clock: float


def caller(conn: psycopg.Connection, username: str) -> Caller:
    """The account as a request of its has it."""
    row = conn.execute(
        "SELECT id, role, area::text, vendor_id FROM account WHERE username = %s", (username,)
    ).fetchone()
    assert row is not None
    now = datetime.now(UTC)
    return Caller(row[0], username, username, row[1], row[2], None, row[3], None, 1, False, now, now, now)


def answers(owner: psycopg.Connection, me: Caller, now: datetime) -> dict[str, Job]:
    """What a caller asks, about a home with readings that is theirs to see."""
    row = owner.execute(
        "SELECT h.id, al.id, d.id FROM home h JOIN area a ON a.id = h.area_id"
        " JOIN alert al ON al.home_id = h.id AND al.state <> 'resolved'"
        " JOIN device d ON d.home_id = h.id AND d.type = 'motion_sensor'"
        " WHERE a.path <@ coalesce(%s, 'qu')::ltree ORDER BY h.id LIMIT 1",
        (me.area,),
    ).fetchone()
    assert row is not None
    home, alert, device = row
    local, motion = now.astimezone(ZONE), metrics()["motion"]
    words, low = DeviceQuery.model_validate({"q": "motion 77"}), DeviceQuery.model_validate({"battery_below": 90})
    of_devices: dict[str, Job] = {
        "devices: a page": lambda conn: devices.list_devices(conn, me, DeviceQuery.model_validate({}), now),
        "devices: by words": lambda conn: devices.list_devices(conn, me, words, now),
        "devices: low battery": lambda conn: devices.list_devices(conn, me, low, now),
        "devices: choices": devices.choices,
        "one device": lambda conn: devices.get_device(conn, me, device, now),
    }  # fmt: skip
    if me.role == Role.VENDOR:
        return of_devices
    spans = [history.Span(device, motion, now - timedelta(days=n), now, ZONE.key) for n in (3, DAYS)]
    return {
        "one alert": lambda conn: detail.get_alert(conn, me, alert, local),
        "board: a page": lambda conn: alerts.list_alerts(conn, AlertQuery.model_validate({"limit": 200})),
        "board: counts": alerts.summary,
        "homes: a page": lambda conn: homes.list_homes(conn, me, HomeQuery.model_validate({}), now),
        "homes: by name": lambda conn: homes.list_homes(conn, me, HomeQuery.model_validate({"q": "陈秀5"}), now),
        "homes: by pinyin and number": lambda conn: homes.list_homes(
            conn, me, HomeQuery.model_validate({"q": "chenxiu 99号"}), now
        ),
        "one home": lambda conn: homes.get_home(conn, me, home, ZONE.key, local),
        "a home's day": lambda conn: days.lanes(conn, home, now - timedelta(days=1), now),
        "records: a page": lambda conn: records.list_records(conn, RecordQuery.model_validate({}), ZONE),
        "records: counts": lambda conn: records.summary(conn, RecordFilter.model_validate({}), ZONE),
        "records: by a remark": lambda conn: records.list_records(
            conn, RecordQuery.model_validate({"q": "核实1999"}), ZONE
        ),
        "records: choices": records.choices,
        **of_devices,
        "history of 3 days": lambda conn: history.read(conn, spans[0], "auto"),
        f"history of {DAYS} days": lambda conn: history.read(conn, spans[1], "auto"),
    }


def measure(held: psycopg.Connection, bare: psycopg.Connection, me: Caller, job: Job, rounds: int) -> Cost:
    """One answer, in turns; the first six, after which both have their statements prepared, do not count.

    Of the others the lower quartile: a machine that does other things besides makes an answer dearer, never cheaper.
    """
    spent: dict[str, list[float]] = {"held": [], "bare": []}
    clock = []
    for _ in range(rounds + 6):
        started, begun = cpu(held), datetime.now(UTC)
        enter_scope(held, me)
        job(held)
        held.commit()
        clock.append((datetime.now(UTC) - begun) / timedelta(milliseconds=1))
        spent["held"].append(cpu(held) - started)
        started = cpu(bare)
        job(bare)
        bare.commit()
        spent["bare"].append(cpu(bare) - started)
    held_ms, bare_ms = (quantiles(one[6:], n=4)[0] for one in (spent["held"], spent["bare"]))
    return Cost(held_ms, bare_ms, median(clock[6:]))


def cpu(conn: psycopg.Connection) -> float:
    """Milliseconds that a connection's backend has run so far."""
    return int(Path(f"/proc/{conn.info.backend_pid}/schedstat").read_text().split()[0]) / 1e6


@contextmanager
def a_database(count: int) -> Iterator[tuple[str, str]]:
    """URLs of the schema's owner and of the API's login of a filled database; both are gone afterwards."""
    server = Postgres(
        ensure_root(), f"bench-scope-{os.getpid()}", free_port(55460),
        **{"shared_buffers": "512MB", "timescaledb.max_background_workers": "0"},
    )  # fmt: skip
    server.start()
    try:
        with psycopg.connect(server.url("postgres"), autocommit=True) as conn:
            conn.execute("CREATE DATABASE scope")
        owner = server.url("scope")
        migrate(owner)
        with psycopg.connect(owner) as conn:
            grant_login(conn, "api", "bench", "shouwang_api")
        build(owner, count)
        yield owner, server.url("scope", "api", "bench")
    finally:
        server.stop()
        shutil.rmtree(server.home.parent, ignore_errors=True)


def compare(owner_url: str, api_url: str, only: str, rounds: int) -> None:
    """Print what each answer costs for each kind of caller."""
    with psycopg.connect(owner_url) as owner:
        if owner.execute("SELECT to_regnamespace('bare') IS NULL").fetchone() == (True,):
            owner.execute(BARE)
    now = datetime.now(UTC)
    print(f"{'':<10} {'':<28} {'in scope':>9} {'bare':>9} {'ratio':>6} {'clock':>9}   ms, ms, ×, ms")
    for username in ("district", "grid", "vendor"):
        with (
            psycopg.connect(owner_url) as owner,
            connect(api_url, "bench") as held,
            psycopg.connect(owner_url, options=f"{OPTIONS} -c search_path=bare,public") as bare,
        ):
            me = caller(owner, username)
            bare.execute("SELECT set_config('shouwang.area', %s, false)", (me.area or "",))  # a list asks by itself
            bare.commit()
            for name, job in answers(owner, me, now).items():
                if only in name:
                    cost = measure(held, bare, me, job, rounds)
                    figures = f"{cost.held:>9.1f} {cost.bare:>9.1f} {cost.held / cost.bare:>6.2f} {cost.clock:>9.1f}"
                    print(f"{username:<10} {name:<28} {figures}", flush=True)


def main() -> None:
    """Fill a database and compare."""
    parser = argparse.ArgumentParser(prog="python -m bench.scope", description=__doc__)
    parser.add_argument("--homes", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", default="", help="answers whose name contains this")
    options = parser.parse_args()
    with a_database(options.homes) as (owner, api):
        compare(owner, api, options.only, options.rounds)


if __name__ == "__main__":
    main()
