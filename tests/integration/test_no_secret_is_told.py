"""What the database refuses is said in one line; PostgreSQL's own words quote the row, a password's hash among it."""

import logging
import os
import subprocess
import sys

import psycopg
import pytest

from core.log_format import Formatter


def test_a_failed_user_add_tells_no_hash(database):
    words = ["user", "add", "somebody", "--name", "某人", "--role", "vendor", "--vendor", "nobody"]
    done = subprocess.run(
        [sys.executable, "-m", "shouwang", *words],
        env={**os.environ, "SHOUWANG_DATABASE_URL": database.url("registrar")}, input="mist-heron-47-lantern\n",
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert len(said.splitlines()) == 1
    assert "argon2" not in said
    assert "某人" not in said


def test_a_wrong_password_is_refused_in_one_line(database):
    url = database.url("registrar").replace(database.cluster.passwords["registrar"], "mist-heron-47-lantern")
    done = subprocess.run(
        [sys.executable, "-m", "shouwang", "learn"], env={**os.environ, "SHOUWANG_DATABASE_URL": url},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    [line] = (done.stdout + done.stderr).splitlines()
    assert "password authentication failed" in line
    assert "heron" not in line


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_traceback_in_the_log_quotes_no_row(database, wrapped):
    row = ("somebody", "王秀英", "$argon2id$v=19$", "vendor")
    try:
        try:
            with psycopg.connect(database.owner) as conn:
                conn.execute("INSERT INTO account (username, name, password_hash, role) VALUES (%s, %s, %s, %s)", row)
        except psycopg.Error:
            if wrapped:
                raise RuntimeError("a step failed")  # noqa: B904 - what it came from is told too
            raise
    except (psycopg.Error, RuntimeError):
        record = logging.LogRecord("test", logging.ERROR, __file__, 1, "it failed", None, sys.exc_info())
    said = Formatter().format(record)
    assert "it failed" in said
    assert f'File "{__file__}"' in said
    assert "violates check constraint" in said
    assert ("RuntimeError: a step failed" in said) == wrapped
    for word in (*row[:3], "DETAIL", "Failing row"):
        assert word not in said
