"""An alarm beside a test flag stands in the database as one, until something that is no test is found."""

from datetime import timedelta

from alerts.rules import discover
from tests.engine_rig import MINUTE, NOW, judge_all, watching

SHOWN = "SELECT count, severity, state, coalesce(evidence->>'test', 'no'), evidence->>'text_zh' FROM alert"


def test_a_mark_is_lost_by_what_is_no_test_and_never_comes_back(settings, inbox, look):
    marked = "紧急呼叫按钮被按下，请求帮助；该设备同时报告正在测试（测试？）"
    plain = "紧急呼叫按钮被按下，请求帮助"
    with watching(settings, discover()["sos"]) as watch:
        inbox(0, "sos_button", "test", (NOW, 1))
        judge_all(watch, NOW)
        assert look("SELECT count(*) FROM alert") == [(0,)], "the flag alone raises nothing"
        inbox(0, "sos_button", "sos", (NOW + timedelta(seconds=10), 1))
        judge_all(watch, NOW + MINUTE)
        assert look(SHOWN) == [(1, "emergency", "open", "true", marked)]
        inbox(0, "sos_button", "sos", (NOW + 5 * MINUTE, 1))
        judge_all(watch, NOW + 5 * MINUTE)
        assert look(SHOWN) == [(2, "emergency", "open", "no", plain)]
        inbox(0, "sos_button", "test", (NOW + 6 * MINUTE, 1))
        judge_all(watch, NOW + 6 * MINUTE)
        inbox(0, "sos_button", "sos", (NOW + 6 * MINUTE, 1))
        judge_all(watch, NOW + 6 * MINUTE)
        assert look(SHOWN) == [(3, "emergency", "open", "no", plain)]
