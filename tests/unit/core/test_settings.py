"""Settings as an administrator writes them."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from psycopg.conninfo import conninfo_to_dict

from core.settings import PREFIX, Settings, SettingsError, load


@pytest.fixture(autouse=True)
def database(monkeypatch):
    monkeypatch.setenv("SHOUWANG_DATABASE_URL", "postgresql://nobody@nowhere/none")


@pytest.mark.parametrize(
    ("text", "span"), [("90", 90), ("0.2", 0.2), ("PT5S", 5), ("00:01:00", 60), ("400 days", 34_560_000)]
)
def test_a_duration_may_be_seconds_or_a_word_of_iso_8601(monkeypatch, text, span):
    monkeypatch.setenv("SHOUWANG_BATCH_AGE", text)
    assert load().batch_age == timedelta(seconds=span)


@pytest.mark.parametrize("text", ["soon", "", "nan"])
def test_a_duration_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv("SHOUWANG_TICK", text)
    with pytest.raises(SettingsError, match=r"^SHOUWANG_TICK: .*$"):
        load()


def test_a_secret_may_stand_in_a_file(monkeypatch, tmp_path):
    (tmp_path / "password").write_text("s3cret\n")
    monkeypatch.setenv("SHOUWANG_MQTT_PASSWORD_FILE", str(tmp_path / "password"))
    assert load().mqtt_password.get_secret_value() == "s3cret"


def test_an_unknown_time_zone_is_refused(monkeypatch):
    monkeypatch.setenv("SHOUWANG_TIMEZONE", "Asia/Atlantis")
    with pytest.raises(SettingsError, match=r"^SHOUWANG_TIMEZONE: is not a time zone"):
        load()


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


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        ("postgresql://a:b@127.0.0.1:5432/d", None), ("postgresql://a:b@localhost/d", None),
        ("postgresql://a:b@[::1]/d", None), ("postgresql:///d?host=/run/postgresql", None),
        ("postgresql://a:b@db/d", "verify-full"), ("postgresql://a:b@10.0.0.1,127.0.0.1/d", "verify-full"),
        ("postgresql://a:b@db/d?connect_timeout=3", "verify-full"), ("host=db dbname=d", "verify-full"),
        ("postgresql://a:b@db/d?sslmode=require", "require"),
    ],
)  # fmt: skip
def test_a_database_elsewhere_must_show_its_certificate(url, mode):
    parts = conninfo_to_dict(Settings(database_url=url).database_url.get_secret_value())
    assert parts.get("sslmode") == mode
    assert ("sslrootcert" in parts) == (mode == "verify-full")


@pytest.mark.parametrize(
    ("given", "tls", "port"),
    [
        ({}, False, 1883), ({"mqtt_host": "::1"}, False, 1883), ({"mqtt_host": "broker"}, True, 8883),
        ({"mqtt_ca": "/dev/null"}, True, 8883), ({"mqtt_host": "broker", "mqtt_tls": False}, False, 1883),
        ({"mqtt_host": "broker", "mqtt_port": 18883}, True, 18883),
    ],
)  # fmt: skip
def test_a_broker_elsewhere_is_spoken_to_by_tls(given, tls, port):
    settings = Settings(database_url="postgresql:///d", **given)
    assert (settings.mqtt_tls, settings.mqtt_port) == (tls, port)
