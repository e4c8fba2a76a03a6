"""A power cut: every home falls silent, people answer some of it, and when it is over nothing of it is left open."""

from datetime import timedelta

import psycopg
import pytest

from alerts.response.desk import Action, act
from alerts.rules import discover
from core.model import Disposition
from tests.engine_rig import MINUTE, NOW, judge_all, kinds, watching
from tests.registry import seed

HOMES = 6
RULE = discover()["device_silent"]
STANDS = "SELECT id, home_id, severity, state FROM alert ORDER BY home_id"


@pytest.fixture
def registry(database):
    return seed(database.owner, homes=HOMES, types=("gateway", "climate_sensor"))


def test_all_device_silent_of_a_power_cut_close_by_themselves_whatever_was_answered(
    settings, database, registry, inbox, look
):
    def say(at, gateway):
        for home in range(HOMES):
            inbox(home, "gateway", "online", (at, gateway))
            if gateway:
                inbox(home, "climate_sensor", "temperature", (at, 20))

    def wait(watch, at, minutes):
        for minute in range(minutes):
            judge_all(watch, at + minute * MINUTE)
            watch.tick(at + minute * MINUTE)

    back = NOW + timedelta(hours=5)
    with watching(settings, RULE) as watch, psycopg.connect(database.desk, autocommit=True) as api:
        say(NOW, 1)
        wait(watch, NOW, 1)
        say(NOW + MINUTE, 0)
        wait(watch, NOW + MINUTE, 13)
        cut = look(STANDS)
        assert [row[2:] for row in cut] == [("attention", "open")] * HOMES, "a gateway leaves its home unwatched"
        [[evidence]] = look("SELECT evidence FROM alert ORDER BY id LIMIT 1")
        assert evidence["text_zh"].startswith("家庭终端连接中断已 11 分钟")
        for (alert, *_), steps in zip(
            cut, ((), ("acknowledge",), ("acknowledge", "dispatch"), ("resolve",)), strict=False
        ):
            for step in steps:
                act(api, alert, Action(step), registry.accounts["op1"], back, disposition=Disposition.DEVICE_FAULT)
        look("UPDATE alert SET severity = 'urgent' WHERE id = %s RETURNING 1", cut[4][0])  # somebody made it worse
        say(back, 1)
        wait(watch, back, 4)
    assert {row[3] for row in look(STANDS)} == {"resolved"}
    ended = "SELECT disposition, resolved_by_id IS NULL, asks_since FROM alert ORDER BY home_id"
    assert (
        look(ended)
        == [("recovered", True, None)] * 3 + [("device_fault", False, None)] + [("recovered", True, None)] * 2
    )
    assert kinds(look).count("cleared") == HOMES, "also of what was answered"


def test_what_an_older_version_left_open_though_it_was_over_is_closed_at_the_next_start(
    settings, registry, inbox, look
):
    for home in range(HOMES):
        inbox(home, "gateway", "online", (NOW, 1))
        look(
            "INSERT INTO alert (home_id, rule, severity, occurred_at, opened_at, last_at, cleared_at)"
            " VALUES (%s, 'device_silent', 'attention', %s, %s, %s, %s) RETURNING 1",
            registry.homes[home], *[NOW - MINUTE] * 3, NOW,
        )  # fmt: skip
    with watching(settings, RULE) as watch:
        judge_all(watch, NOW + MINUTE)
        watch.tick(NOW + MINUTE)
    assert {row[3] for row in look(STANDS)} == {"resolved"}
    assert kinds(look) == ["resolved"] * HOMES
