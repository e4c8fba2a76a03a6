"""A traceback in the log is as usual, but for the database's words, which quote rows."""

import logging
import sys
from types import SimpleNamespace

import psycopg
import pytest

from core.log_format import Formatter

NAME = "王秀英"


class RefusedError(psycopg.DataError):
    """As the server tells it: its first line, and the row in its DETAIL."""

    diag = SimpleNamespace(message_primary="violates a check")


def logged(work):
    with pytest.raises((psycopg.Error, RuntimeError, ZeroDivisionError)) as failed:
        work()
    info = (failed.type, failed.value, failed.tb)
    return Formatter().format(logging.LogRecord("test", logging.ERROR, __file__, 1, "it failed", None, info))


def refuse():
    raise RefusedError(f"violates a check\nDETAIL:  Failing {'row'} contains ({NAME}, {'$argon2' + 'id$'})")


def wrapped():
    try:
        refuse()
    except psycopg.Error as error:
        raise RuntimeError("a step failed") from error


def in_handling():
    try:
        refuse()
    except psycopg.Error:
        raise RuntimeError("a step failed") from None


@pytest.mark.parametrize("work", [refuse, wrapped])
def test_a_row_is_never_in_the_log_and_the_place_is(work):
    said = logged(work)
    assert "it failed" in said
    assert "in refuse" in said
    assert "RefusedError: violates a check" in said
    assert ("RuntimeError: a step failed" in said) == (work is wrapped)
    for word in (NAME, "$argon2id$", "Failing row"):
        assert word not in said


def test_other_errors_are_told_whole():
    assert "ZeroDivisionError: division by zero" in logged(lambda: 1 / 0)
    assert "a step failed" in logged(in_handling)


def test_a_record_without_an_error_is_one_line():
    record = logging.LogRecord("test", logging.INFO, __file__, 1, "well", None, None)
    assert Formatter("%(levelname)s %(message)s").format(record) == "INFO well"
    assert sys.exc_info() == (None, None, None)
