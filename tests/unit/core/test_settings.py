"""Settings as an administrator writes them."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from core.settings import load


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
    with pytest.raises(ValidationError):
        load()


def test_a_secret_may_stand_in_a_file(monkeypatch, tmp_path):
    (tmp_path / "password").write_text("s3cret\n")
    monkeypatch.setenv("SHOUWANG_MQTT_PASSWORD_FILE", str(tmp_path / "password"))
    assert load().mqtt_password.get_secret_value() == "s3cret"


def test_an_unknown_time_zone_is_refused(monkeypatch):
    monkeypatch.setenv("SHOUWANG_TIMEZONE", "Asia/Atlantis")
    with pytest.raises((ValidationError, KeyError)):
        load()
