"""At night each room clears its own tables, whichever other programs run; what fails is told by room and job."""

import logging
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import psycopg
import pytest

from alerts.engine.jobs import night as of_engine
from alerts.selfcheck.program import night as of_self_check
from api.health.metrics import Figures, Meter
from api.night import night as of_api
from core.nightly import Job, Night
from core.settings import Settings
from ingest.night import night as of_ingest
from tests.registry import seed
from tests.waiting import eventually

ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def registry(database):
    return seed(database.owner, homes=1, types=("motion_sensor",))


@pytest.fixture
def conn(database, registry):
    with psycopg.connect(database.owner, autocommit=True) as owner:
        yield owner


@pytest.fixture
def nights(database):
    """Each room's night, with its program's login."""
    rooms = {"ingest": of_ingest, "engine": of_engine, "api": of_api, "canary": of_self_check}
    return {room: night(Settings(database_url=database.url(room))) for room, night in rooms.items()}


def done(night, *jobs):
    for job in jobs:
        night.run(job)
    assert night.failed == []


def test_ingest_deletes_old_refusals_hashes_and_notes(conn, nights, registry):
    conn.execute(
        "INSERT INTO dead_letter (received_at, topic, payload, code, reason, digest, last_at)"
        " SELECT now(), 't', '', 'not_json', 'r', n::text::bytea, now() - n * interval '60 days'"
        " FROM generate_series(0, 3) n"
    )
    device = registry.device(0, "motion_sensor")[0]
    conn.execute(
        "INSERT INTO device_note VALUES (%(d)s, 'qos_0', now() - interval '40 days', now(), 1),"
        " (%(d)s, 'thinned', now(), now() - interval '31 days', 1)",
        {"d": device},
    )
    conn.execute("INSERT INTO undated_emergency VALUES ('a', now() - interval '91 days'), ('b', now())")
    done(nights["ingest"], "letters")
    assert conn.execute("SELECT count(*) FROM dead_letter").fetchone() == (2,)
    assert conn.execute("SELECT code FROM device_note").fetchall() == [("qos_0",)]
    assert conn.execute("SELECT digest FROM undated_emergency").fetchall() == [(b"b",)]


def test_of_several_workers_one_clears_and_the_others_do_not_wait(conn, nights, database):
    conn.execute("INSERT INTO undated_emergency VALUES ('a', now() - interval '91 days')")
    with psycopg.connect(database.url("ingest")) as other:
        assert other.execute("SELECT tidy_ingest()").fetchone() == (1,)
        with psycopg.connect(database.url("ingest"), options="-c lock_timeout=1s") as late:
            assert late.execute("SELECT tidy_ingest()").fetchone() == (0,)


def test_ingest_drops_readings_past_their_keep_and_never_what_is_learned_from(conn, nights, database):
    conn.execute(
        "INSERT INTO reading (ts, device_id, metric, value)"
        " SELECT now() - n * interval '1 day', 1, 1, 1 FROM unnest(ARRAY[0, 19, 60, 500]) n"
    )
    left = "SELECT round(extract(epoch FROM now() - ts) / 86400)::int FROM reading ORDER BY ts DESC"
    done(nights["ingest"], "readings")
    assert conn.execute(left).fetchall() == [(0,), (19,), (60,)]
    with psycopg.connect(database.url("ingest")) as ingest:
        ingest.execute("SELECT drop_old_readings('0 days')")
    assert conn.execute(left).fetchall() == [(0,), (19,)]


def test_the_api_deletes_ended_sessions_and_the_self_check_forgotten_programs(conn, nights):
    conn.execute(
        "INSERT INTO session (token_hash, account_id, expires_at) SELECT n::text::bytea, account.id,"
        " now() + n * interval '1 hour' FROM generate_series(-1, 1, 2) n, account WHERE username = 'op1'"
    )
    conn.execute("INSERT INTO heartbeat VALUES ('ingest/9', now() - interval '8 days'), ('ingest/1', now())")
    done(nights["api"], "sessions")
    done(nights["canary"], "heartbeats")
    assert conn.execute("SELECT count(*) FROM session").fetchone() == (1,)
    assert conn.execute("SELECT process FROM heartbeat").fetchall() == [("ingest/1",)]


def test_the_log_of_who_looked_is_kept_for_a_year(conn, nights, registry):
    for days in (0, 364, 366):
        conn.execute(
            "INSERT INTO access_log SELECT %s, %s, moment, moment, moment, '{phones}'"
            " FROM (SELECT date_trunc('hour', now()) - %s * interval '1 day' AS moment) m",
            (registry.accounts["op1"], registry.homes[0], days),
        )
    done(nights["api"], "accesses")
    assert conn.execute("SELECT count(*) FROM access_log").fetchone() == (2,)


@pytest.mark.parametrize(
    ("program", "statements"),
    {
        "engine": ("SELECT tidy_ingest()", "SELECT drop_old_readings('1 day')", "DELETE FROM access_log"),
        "ingest": ("SELECT tidy_registry()", "SELECT tidy_selfcheck()", "DELETE FROM dead_letter"),
        "api": ("SELECT tidy_registry()", "SELECT tidy_ingest()", "DELETE FROM access_log"),
        "canary": ("SELECT tidy_ingest()", "SELECT tidy_registry()", "DELETE FROM heartbeat"),
    }.items(),
)
def test_a_program_clears_its_own_rooms_tables_and_no_others(database, program, statements):
    for statement in statements:
        with psycopg.connect(database.url(program)) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(statement)


def test_every_job_has_its_hour_and_begins_by_itself(database):
    came, now = [], datetime.now(ZONE)
    at = time(now.hour, now.minute)  # begun late, which is made up for
    jobs = [Job("soon", at, lambda conn: came.append(conn.info.status) or "done")]
    with Night("room", Settings(database_url=database.url("engine")), jobs) as night:
        [job] = night._scheduler.get_jobs()
        assert (job.id, job.next_run_time.astimezone(ZONE).strftime("%H:%M")) == ("soon", at.strftime("%H:%M"))
        job.modify(next_run_time=datetime.now(UTC))
        eventually(lambda: came)


def test_a_job_that_fails_stops_no_other_and_is_told_by_room_and_job_until_it_succeeds(database, caplog):
    broken = [True]

    def moody(conn):
        if broken[0]:
            conn.execute("DELETE FROM home")
        return "done"

    night = Night(
        "room", Settings(database_url=database.url("engine")),
        [Job("moody", time(4), moody), Job("steady", time(4), lambda conn: "done")],
    )  # fmt: skip
    with caplog.at_level(logging.INFO):
        for job in ("moody", "steady"):
            night.run(job)
    assert night.failed == ["moody"]
    told = [record.getMessage() for record in caplog.records if record.name == "core.nightly"]
    assert told[0].startswith("nightly job moody of room failed: permission denied")
    assert told[1] == "nightly job steady of room: done"
    figures = Figures({}, [], 0, 0.0, datetime.now(UTC))
    line = 'shouwang_nightly_job_failed{job="moody",process="api"} 1.0'
    assert line in Meter(night).text(lambda: figures).decode()
    broken.clear()
    broken.append(False)
    night.run("moody")
    assert night.failed == []
    assert line not in Meter(night).text(lambda: figures).decode()


def test_a_night_without_its_database_fails_and_the_program_goes_on():
    night = Night("room", Settings(database_url="postgresql://nobody@127.0.0.1:1/none"), [Job("any", time(4), str)])
    night.run("any")
    assert night.failed == ["any"]
