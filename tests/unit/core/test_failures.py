"""What failed is told in a line that says what to do, and no driver's words with a secret in them."""

import psycopg
import pytest
from psycopg import errors

from core.failures import in_one_line
from core.settings import SettingsError

URL = "postgresql://ingest:hunter2@db.example:5433/shouwang"


@pytest.mark.parametrize(
    "said", ["Connection refused", "timeout expired", "password authentication failed", "resolve host"]
)
def test_a_database_that_gives_no_connection_is_named_without_the_login(said):
    line = in_one_line(psycopg.OperationalError(f'connection to "{URL}" failed: {said}\nhunter2'), URL)
    assert "db.example:5433/shouwang" in line
    assert said in line
    assert "hunter2" not in line
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize("words", ["", "libpq says hunter2", "invalid dsn: hunter2"])
def test_words_of_the_driver_that_nobody_chose_are_not_passed_on(words):
    for error in (psycopg.OperationalError(words), psycopg.ProgrammingError(words), psycopg.InterfaceError(words)):
        line = in_one_line(error, URL)
        assert "hunter2" not in line
        assert "SHOUWANG_DATABASE_URL" in line


@pytest.mark.parametrize(
    ("error", "hint"), [(errors.InsufficientPrivilege(), "login"), (errors.UndefinedTable(), "shouwang migrate")]
)
def test_what_can_be_mended_says_how(error, hint):
    assert hint in in_one_line(error, URL)


def test_a_wrong_setting_a_missing_file_and_bytes_that_are_no_text_are_told():
    assert in_one_line(SettingsError("SHOUWANG_X: is not set")) == "SHOUWANG_X: is not set"
    assert in_one_line(FileNotFoundError(2, "No such file or directory", "/a")) == "/a: No such file or directory"
    assert "UTF-8" in in_one_line(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "hunter2"))


def test_an_error_that_nobody_foresaw_has_no_line_and_keeps_its_traceback():
    assert in_one_line(ZeroDivisionError("x")) is None
