"""A closed alert in the record: how long it waited against what its severity wants."""

from datetime import UTC, datetime

import pytest

from api.records.models import Record
from core.model import ANSWER_WITHIN, Severity

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROW = {
    "id": 7, "rule": "gas", "severity": "emergency", "text_zh": "气", "text_en": "gas", "subject": "home",
    "subject_id": 101, "home_id": 101, "home_code": "H1", "home_address": "一号", "area_path": "qu", "area_name": "区",
    "person_name": "示例·甲", "vendor_code": None, "vendor_name": None, "opened_at": NOW, "acknowledged_at": NOW,
    "resolved_at": NOW, "answer_seconds": 61.0, "close_seconds": 600.0, "breach": True, "disposition": "real",
    "handler_id": 1, "handler_name": "甲", "resolved_by_id": None, "resolved_by_name": None,
}  # fmt: skip


@pytest.mark.parametrize("severity", Severity)
def test_its_limit_is_that_of_its_severity_and_what_may_wait_for_days_has_none(severity):
    limit = ANSWER_WITHIN.get(severity)
    assert Record.of(ROW | {"severity": severity}).limit_seconds == (limit.total_seconds() if limit else None)


def test_what_was_written_in_one_language_alone_is_shown_in_it():
    found = Record.of(ROW | {"text_en": None})
    assert (found.text_zh, found.text_en) == ("气", "气")
    assert Record.of(ROW | {"text_zh": None, "text_en": None}).text_zh == ""


def test_one_about_the_site_has_no_home_and_one_that_ended_by_itself_nobody_who_closed_it():
    found = Record.of(ROW | {"subject": "site", "subject_id": 0, "home_id": None})
    assert (found.home, found.resolved_by, found.handler.name) == (None, None, "甲")
