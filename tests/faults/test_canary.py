"""The self-check names the broken link, raises one alert of its own, and notes when the chain is whole again."""

import os
import secrets
import subprocess
import sys

import httpx
import psycopg
import pytest

from deploy.local.site import Site
from registry import selfcheck_store
from tests.ports import a_port
from tests.registry import PASSWORD, seed
from tests.waiting import eventually


@pytest.fixture(scope="module")
def chain(root, tmp_path_factory):
    """A whole site whose self-check signals every second and is late after three."""
    name = f"canary-{os.getpid()}-{secrets.token_hex(3)}"
    site = Site(
        root, name, ["acme", "beta"], tmp_path_factory.mktemp("logs"), ports=(a_port(), a_port(), a_port()),
        settings={"SHOUWANG_CANARY_EVERY": "1", "SHOUWANG_CANARY_LATE": "4"}, shared_buffers="128MB",
    )  # fmt: skip
    site.start_services()
    seed(site.owner_url, homes=1, types=("sos_button",))
    with psycopg.connect(site.owner_url) as conn:
        assert selfcheck_store.install(conn)
    programs = {name: site.program(name) for name in ("ingest", "engine", "api", "canary")}
    try:
        for program in programs.values():
            program.start()
        site.wait_for_api(programs["api"])
        yield site, programs
    finally:
        for program in programs.values():
            program.stop()
        site.stop_services()
        site.delete()


@pytest.fixture
def query(chain):
    def one(statement):
        with psycopg.connect(chain[0].owner_url, autocommit=True) as conn:
            return conn.execute(statement).fetchall()

    return one


BROKEN = "SELECT detail->>'broken' FROM heartbeat WHERE process = 'canary'"
TRIP = "SELECT (detail->>'round_trip_seconds')::float FROM heartbeat WHERE process = 'canary'"
STANDING = "SELECT 1 FROM alert WHERE rule = 'self_check' AND state <> 'resolved' AND cleared_at IS NULL"
ALERT = (
    "SELECT state, cleared_at IS NULL, evidence->>'link' FROM alert WHERE rule = 'self_check' AND state <> 'resolved'"
)


def whole(query):
    """Whether a signal has come round, no link is broken and no alert says so: a slow start may have raised one."""
    trip = query(TRIP)
    return trip and trip[0][0] and query(BROKEN) == [(None,)] and not query(STANDING)


def answered(conn):
    """A person closes what stands, and an hour passes."""
    conn.execute(
        "UPDATE alert SET state = 'resolved', disposition = 'real', resolved_at = now() - interval '1 h'"
        " WHERE rule = 'self_check' AND state <> 'resolved'"
    )


def test_a_whole_chain_brings_the_signal_round_within_a_second(chain, query):
    assert eventually(lambda: (rows := query(TRIP)) and rows[0][0])
    eventually(lambda: query(TRIP)[0][0] < 1)
    eventually(lambda: whole(query))


@pytest.mark.parametrize("link", ["ingest", "engine", "api", "broker"])
def test_a_broken_link_is_named_raised_once_and_noted_when_it_holds_again(chain, query, link):
    site, programs = chain
    eventually(lambda: whole(query))
    with psycopg.connect(site.owner_url) as conn:
        answered(conn)
    part = site.broker if link == "broker" else programs[link]
    part.stop()
    eventually(lambda: query(BROKEN) == [(link,)], 20)
    with psycopg.connect(site.owner_url) as conn:
        eventually(lambda: query(ALERT) == [("open", True, link)])
    if link != "api":
        with httpx.Client(base_url=site.address, headers={"X-Shouwang": "1"}) as client:
            client.post("/api/v1/login", json={"username": "op1", "password": PASSWORD})
            health = client.get("/api/v1/health").json()
            assert health["canary"]["broken"] == link
            assert f"canary_{link}" in [problem["code"] for problem in health["problems"]]
            assert len(client.get("/api/v1/alerts?rule=self_check").json()["items"]) == 1
    part.start()
    eventually(lambda: query(ALERT) == [("open", False, link)], 40)
    eventually(lambda: query(BROKEN) == [(None,)])
    with psycopg.connect(site.owner_url) as conn:
        mine = "FROM alert_event e JOIN alert a ON a.id = alert_id WHERE rule = 'self_check' AND state <> 'resolved'"
        assert conn.execute(f"SELECT array_agg(kind ORDER BY e.id) {mine}").fetchone() == (["opened", "cleared"],)
        answered(conn)


def test_a_standing_alert_names_the_link_that_is_broken_now(chain, query):
    _, programs = chain
    eventually(lambda: whole(query))
    programs["ingest"].stop()
    eventually(lambda: query(ALERT) == [("open", True, "ingest")])
    programs["engine"].stop()
    programs["ingest"].start()
    eventually(lambda: query(ALERT) == [("open", True, "engine")])
    programs["engine"].start()
    eventually(lambda: query(ALERT) == [("open", False, "engine")], 40)


def doctor(site, **settings):
    """(exit status, lines) of `shouwang doctor` with the registrar's login and the worker's broker account."""
    environment = os.environ | site.environment("registrar") | settings
    done = subprocess.run(
        [sys.executable, "-m", "shouwang", "doctor"], env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout.splitlines()


def marked(lines, mark):
    return [line[2:] for line in lines if line.startswith(mark)]


def test_the_doctor_finds_nothing_to_mend_in_a_whole_chain(chain, query):
    eventually(lambda: whole(query))
    status, lines = doctor(chain[0])
    assert (status, marked(lines, "✗")) == (0, [])
    assert marked(lines, "!") == ["settings: session cookies travel without HTTPS", "accounts: not looked at"]
    for part in ("database: PostgreSQL 17", "clock:", "reading is a hypertable", "engine/0: runs", "publish nowhere"):
        assert any(part in line for line in marked(lines, "✓")), part


def test_the_doctor_names_what_is_stopped_wrong_or_missing_and_how_to_mend_it(chain, query):
    site, programs = chain
    programs["engine"].stop()
    with psycopg.connect(site.owner_url) as conn:
        conn.execute("UPDATE heartbeat SET at = at - interval '1 minute' WHERE process = 'engine/0'")
    (site.home / "wrong").write_text("wrong")
    status, lines = doctor(
        site, SHOUWANG_SHARDS="2", SHOUWANG_MQTT_PASSWORD_FILE=str(site.home / "wrong"), SHOUWANG_MQTT_HOST="localhost"
    )
    programs["engine"].start()
    assert status == 1
    found = "\n".join(marked(lines, "✗"))
    for part in ("engine/0: no sign of life", "engine/1: has never run", "refuses ingest: Not authorized"):
        assert part in found
    assert sum(line.startswith("    → ") for line in lines) == len(marked(lines, "✗")) + len(marked(lines, "!"))


def test_the_doctor_says_when_there_is_no_database(chain):
    (chain[0].home / "nowhere").write_text("postgresql://api:x@127.0.0.1:1/none")
    status, lines = doctor(chain[0], SHOUWANG_DATABASE_URL_FILE=str(chain[0].home / "nowhere"))
    assert status == 1
    assert any("127.0.0.1:1/none gives no connection" in line for line in marked(lines, "✗"))


def test_an_operator_sees_every_signal_on_the_live_stream_and_a_vendor_none(chain):
    site, _ = chain
    with httpx.Client(base_url=site.address, headers={"X-Shouwang": "1"}) as client:
        client.post("/api/v1/login", json={"username": "op1", "password": PASSWORD})
        with client.stream("GET", "/api/v1/events") as response:
            assert "event: canary" in response.iter_lines()
        client.post("/api/v1/login", json={"username": "vendor-acme", "password": PASSWORD})
        assert client.get("/api/v1/events").status_code == 403
