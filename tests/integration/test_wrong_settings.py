"""A program that is started with wrong settings says so, a line each, without a secret, and ends."""

import os
import subprocess
import sys

import pytest

from core.settings import PREFIX


def told(program, tmp_path, **settings):
    """The exit status of a program with these settings alone, and what it says."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    given = {f"{PREFIX}{name}": value for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-m", "shouwang", program], env={**bare, **given}, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("program", ["ingest", "engine", "api", "canary", "doctor", "learn"])
def test_a_missing_setting_is_named_in_one_line_and_no_secret_is_shown(program, tmp_path):
    secrets = {"MQTT_PASSWORD": "hunter2-at-the-broker", "CANARY_TOKEN": "hunter2-at-the-api"}
    status, said = told(program, tmp_path, **secrets)
    assert (status, said) == (
        2,
        "SHOUWANG_DATABASE_URL: is not set; it, or the same with _FILE: see docs/settings.md\n",
    )


def test_every_setting_that_is_wrong_is_named_in_a_line_of_its_own(tmp_path):
    (tmp_path / "binary").write_bytes(b"hunter2\xff")
    wrong = {
        "DATABASE_URL": "postgresql://ingest:hunter2/@db:5432/shouwang", "MQTT_PORT": "hunter2", "WORKER": "hunter 2",
        "TIMEZONE": "hunter2", "BATCH_AGE": "hunter2", "MQTT_TLS": "hunter2", "MQTT_CA": "hunter2",
    }  # fmt: skip
    status, said = told("ingest", tmp_path, **wrong)
    assert status == 2
    assert sorted(line.split(":")[0] for line in said.splitlines()) == sorted(f"{PREFIX}{name}" for name in wrong)
    assert "hunter" not in said
    status, said = told("ingest", tmp_path, MQTT_PASSWORD_FILE=str(tmp_path / "binary"))
    assert (status, said) == (2, "SHOUWANG_MQTT_PASSWORD_FILE: the file is not UTF-8 text\n")
    status, said = told("ingest", tmp_path, MQTT_PASSWORD_FILE="hunter2")
    assert (status, said) == (2, "SHOUWANG_MQTT_PASSWORD_FILE: the file can't be read: No such file or directory\n")


@pytest.mark.parametrize(
    "password", ["hunter2", "hun/ter2", "hun@ter2", "hun:ter2", "hun?ter2", "hun#ter2", "hun%ter2"]
)
def test_no_part_of_a_password_is_told_of_a_database_that_is_not_there(password, tmp_path):
    status, said = told("learn", tmp_path, DATABASE_URL=f"postgresql://ingest:{password}@127.0.0.1:1/shouwang")
    assert status in (1, 2)
    assert len(said.splitlines()) == 1
    assert "hun" not in said
    assert "ter2" not in said
