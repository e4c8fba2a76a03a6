"""`shouwang doctor` with the administrator's own folder: the registrar's login and no password of ingest's."""

import os
import subprocess
import sys

import psycopg
import pytest

from deploy.provision import Secrets, handed
from tests.ports import a_port
from tests.registry import seed

BEATS = ("ingest/1", "engine/0", "canary")


@pytest.fixture
def doctor(database, broker, tmp_path):
    """Runs the doctor with the files of one program's folder; gives exit status and findings by mark."""
    seed(database.owner, homes=1, types=("sos_button",))
    made = Secrets(tmp_path / "made")
    made.write(made.folder / "mqtt_admin", broker.accounts.admin)
    made.write(made.folder / "mqtt_ingest", broker.accounts.ingest)
    folders = handed(made, lambda user, _: database.owner if user == "postgres" else database.url(user))

    def run(program, *arguments, port=broker.port):
        for name, text in folders[program].items():
            made.write(tmp_path / program / name, text)
        told = {
            f"SHOUWANG_{name.upper()}_FILE": str(tmp_path / program / name)
            for name in folders[program]
            if name in ("database_url", "mqtt_password")
        }
        done = subprocess.run(
            [sys.executable, "-m", "shouwang", "doctor", "--disk", str(tmp_path), *arguments],
            env={**os.environ, **told, "SHOUWANG_MQTT_PORT": str(port)},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        found = {mark: [line[2:] for line in done.stdout.splitlines() if line.startswith(mark)] for mark in "✓!✗"}
        return done.returncode, found, done.stdout

    return run


@pytest.fixture
def running(database):
    """Every program has just said that it lives."""
    with psycopg.connect(database.owner) as conn:
        for process in BEATS:
            conn.execute("INSERT INTO heartbeat VALUES (%s, now(), '{}')", (process,))


@pytest.mark.usefixtures("running")
def test_the_administrators_folder_is_enough_and_a_whole_site_has_nothing_bad(doctor, tmp_path):
    status, found, _ = doctor("admin", "--admin-password-file", str(tmp_path / "admin/mqtt_admin"))
    assert (status, found["✗"]) == (0, [])
    assert {f"{process}: runs" for process in BEATS} <= set(found["✓"])
    assert "accounts: nobody reads what was not granted" in found["✓"]
    assert any("refuses whoever has no password" in line for line in found["✓"])


@pytest.mark.usefixtures("running")
def test_without_ingests_password_it_says_where_to_look_at_its_login(doctor):
    _, found, said = doctor("admin")
    [line] = [line for line in found["!"] if line.startswith("broker:")]
    assert "ingest's login not looked at" in line
    assert "docker compose run --rm ingest doctor" in said
    assert "refuses ingest" not in said


@pytest.mark.usefixtures("running")
def test_there_ingests_login_is_looked_at(doctor):
    status, found, _ = doctor("ingest")
    assert (status, found["✗"]) == (0, [])
    assert any("takes ingest" in line for line in found["✓"])
    assert any("publish nowhere but below sw/v1" in line for line in found["✓"])


@pytest.mark.usefixtures("running")
def test_a_broker_that_does_not_answer_is_bad_though_nobodys_login_is_tried(doctor):
    status, found, _ = doctor("admin", port=a_port())
    assert status == 1
    assert any("does not answer" in line for line in found["✗"])
