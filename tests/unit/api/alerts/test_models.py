"""An alert as operators see it, from the database's row: of whatever it is about, and of versions that are gone."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from api.alerts.models import Alert, AlertEvent, AlertQuery, CommentBody, ResolveBody, UndoBody, subject
from core.model import Subject

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROW = {
    "id": 7, "rule": "gas", "severity": "emergency", "state": "open", "subject": "home", "subject_id": 101,
    "home_id": 101, "home_code": "H1", "home_address": "一号", "area_path": "qu.zhen", "area_name": "区 / 镇",
    "person_name": "示例·甲", "initials": "slj", "vendor_code": None, "vendor_name": None, "device_id": 2,
    "device_serial": "s2", "device_type": "gas_detector", "device_room": "厨房", "occurred_at": NOW, "opened_at": NOW,
    "asks_since": NOW, "last_at": NOW, "count": 1, "score": 40.0, "late": False, "last_value": 40.0,
    "peak_value": 40.0, "evidence": {"text_zh": "气"}, "episode_at": None, "answered": None, "cleared_at": None,
    "suppressed_by": None, "suppressed_until": None, "handler_id": None, "handler_name": None,
    "acknowledged_at": None, "dispatched_at": None, "resolved_at": None, "resolved_by_id": None,
    "resolved_by_name": None, "disposition": None,
}  # fmt: skip


def test_an_alert_names_its_home_its_device_and_its_rule_in_both_languages():
    alert = Alert.of(ROW)
    assert (alert.home.code, alert.device.room, alert.device.type_en) == ("H1", "厨房", "Combustible gas detector")
    assert alert.title_zh
    assert alert.title_en
    assert (alert.handler, alert.resolved_by, alert.answered_before) == (None, None, False)


def test_an_episode_begins_with_its_first_alert_or_with_this_one():
    assert Alert.of(ROW).episode_at == NOW
    before = Alert.of(ROW | {"episode_at": NOW - timedelta(hours=1), "answered": "urgent"})
    assert (before.episode_at, before.answered_before) == (NOW - timedelta(hours=1), True)


def test_an_alert_of_a_rule_or_a_device_type_that_is_gone_is_shown_by_its_name_and_never_hidden():
    alert = Alert.of(ROW | {"rule": "of_old", "device_type": "of_old", "evidence": {"anything": [1, {"else": None}]}})
    assert (alert.title_zh, alert.title_en) == ("of_old", "of_old")
    assert (alert.device.type_zh, alert.evidence) == ("of_old", {"anything": [1, {"else": None}]})


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Subject.HOME, ("H1", "一号")), (Subject.AREA, ("qu.zhen", "区 / 镇")), (Subject.VENDOR, ("acme", "示例厂")),
        (Subject.SITE, ("", "")),
    ],
)  # fmt: skip
def test_what_an_alert_is_about_has_a_code_and_a_name_and_the_site_none(kind, told):
    about = subject(ROW | {"subject": kind, "subject_id": 5, "vendor_code": "acme", "vendor_name": "示例厂"})
    assert (about["kind"], about["code"], about["name"]) == (kind, *told)


def test_an_alert_about_no_home_has_no_home_and_no_device():
    alert = Alert.of(ROW | {"subject": "site", "subject_id": 0, "home_id": None, "device_id": None})
    assert (alert.home, alert.device, alert.subject.id) == (None, None, 0)


def test_who_has_it_and_who_closed_it_are_named():
    closed = {"state": "resolved", "resolved_at": NOW, "disposition": "real", "handler_id": 1, "handler_name": "甲"}
    alert = Alert.of(ROW | closed | {"resolved_by_id": 2, "resolved_by_name": "乙"})
    assert (alert.handler.name, alert.resolved_by.name) == ("甲", "乙")


def test_a_step_tells_who_and_what_and_keeps_to_itself_what_an_undo_needs():
    row = {
        "event_id": 9, "event_at": NOW, "event_kind": "acknowledged", "actor_id": 1, "actor_name": "甲",
        "event_note": "", "event_data": {"before": {"state": "open"}, "reason": "new"},
    }  # fmt: skip
    assert AlertEvent.of(row).data == {"reason": "new"}
    assert AlertEvent.of(row | {"actor_id": None, "actor_name": None}).actor is None, "the engine"


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (ResolveBody, {}), (ResolveBody, {"disposition": "dunno"}), (ResolveBody, {"disposition": "real", "x": 1}),
        (CommentBody, {"note": ""}), (UndoBody, {"event": 0}), (AlertQuery, {"state": "lost"}),
        (AlertQuery, {"limit": 201}),
    ],
)  # fmt: skip
def test_a_step_that_is_not_said_properly_is_refused(body, sent):
    with pytest.raises(ValidationError):
        body.model_validate(sent)
