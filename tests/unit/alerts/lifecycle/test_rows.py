"""A row of the database becomes an alert in the words of the code."""

from datetime import UTC, datetime

import pytest

from alerts.lifecycle.rows import AlertRow
from core.model import Disposition, Severity, State

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROW = (7, 101, 2, "gas", "emergency", State.RESOLVED, False, NOW, "false_alarm", NOW, 2, "urgent", None)


def test_its_words_are_the_codes_own():
    found = AlertRow.of(ROW)
    assert (found.severity, found.disposition, found.answered) == (
        Severity.EMERGENCY, Disposition.FALSE_ALARM, Severity.URGENT,
    )  # fmt: skip
    assert found.severity is Severity.EMERGENCY


def test_what_nobody_has_answered_stays_unanswered():
    found = AlertRow.of((*ROW[:8], None, *ROW[9:11], None, None))
    assert (found.disposition, found.answered) == (None, None)


def test_a_word_that_no_version_knows_stops_the_start_and_is_not_passed_over():
    with pytest.raises(ValueError, match="dire"):
        AlertRow.of((*ROW[:4], "dire", *ROW[5:]))
