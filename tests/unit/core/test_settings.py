"""Settings as an administrator writes them."""

from datetime import timedelta

import pytest
from psycopg.conninfo import conninfo_to_dict

from core.settings import Settings, SettingsError, load


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
