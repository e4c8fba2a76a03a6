"""A value that somebody sets holds within two seconds, without a restart, where it was set and for as long."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from alerts.judging.findings import Findings
from alerts.judging.params import limit
from alerts.rules import discover
from core.arrays import F8
from core.model import Severity
from tests.engine_rig import NOW, Rule, judge_all, running, watching
from tests.waiting import eventually

SET = (
    "INSERT INTO policy (rule, field, {}, value, quieter, reason, set_by, since, until, review_at)"
    " SELECT %s, %s, {}, %s, %s::timestamptz IS NOT NULL, '常常忘了关门', id, %s, %s, now() FROM account"
    " WHERE username = 'op1' RETURNING id"
)


@dataclass(frozen=True)
class Degrees:
    """One thing to set."""

    cold: F8 = limit(10, 0, 30, "°C", "冷", "cold", sooner="higher")


def tick(fleet, now, params):
    column = fleet.column("temperature")
    cold = column.value < params.cold[column.home]
    clear = np.ones(len(fleet.home_ids), bool)
    clear[column.home[cold]] = False
    return Findings.of(column.home[cold], column.ts[cold], severity=Severity.URGENT, device=column.device[cold],
                       clear=clear, evidence=lambda _: {"text_zh": "冷", "text_en": "cold"})  # fmt: skip


CHILLY = Rule("chilly", ("temperature",), tick=tick, params=Degrees())


@pytest.fixture
def put(look, registry):
    def put(value, *, field="cold", rule="chilly", home=None, area=None, since=None, until=None):
        """With an end it was set as quieter."""
        where = ("home_id", registry.homes[home]) if area is None else ("area_id", area)
        if area is not None:
            (where,) = [("area_id", number) for (number,) in look("SELECT id FROM area WHERE path = %s", area)]
        query = SET.format(where[0], int(where[1]))
        return look(query, rule, field, value, until, since or datetime.now(UTC) - timedelta(days=900), until)[0][0]

    return put


def alerts(look):
    return look("SELECT home_id, evidence -> 'policy' FROM alert ORDER BY home_id")


def test_a_homes_own_value_judges_it_within_two_seconds_and_its_neighbour_is_judged_by_the_default(
    settings, registry, inbox, look, put
):
    now = datetime.now(UTC)
    for home in (0, 1):
        inbox(home, "climate_sensor", "temperature", (now, 15))
    with running(settings, CHILLY):
        eventually(lambda: look("SELECT 1 FROM heartbeat WHERE (detail ->> 'waiting')::int = 0"))
        later = now + timedelta(seconds=3)  # ticks have passed
        eventually(lambda: look("SELECT 1 FROM heartbeat WHERE at > %s", later), 10)
        assert alerts(look) == []
        begun = time.monotonic()
        put(18, home=1, since=now + timedelta(hours=1))  # by a clock that is ahead
        eventually(lambda: alerts(look) == [(registry.homes[1], {"cold": 18})])
        assert time.monotonic() - begun < 2


def test_a_home_stands_over_its_area_and_a_village_over_its_district(settings, registry, inbox, look, put):
    for home in (0, 1):
        inbox(home, "climate_sensor", "temperature", (NOW, 15))
    (below,) = look(
        "SELECT a.path::text FROM home h JOIN area a ON a.id = h.area_id WHERE h.id = %s", registry.homes[0]
    )
    put(9, home=1, until=NOW + timedelta(days=1))
    put(18, area=below[0])
    put(12, area=below[0].split(".")[0])
    with watching(settings, CHILLY) as watch:
        judge_all(watch, NOW)
        watch.tick(NOW)
    assert alerts(look) == [(registry.homes[0], {"cold": 18})]


def test_what_is_taken_back_or_has_ended_holds_no_more(settings, registry, inbox, look, put):
    inbox(0, "climate_sensor", "temperature", (NOW, 15))
    number = put(18, home=0)
    put(18, home=1, until=NOW + timedelta(seconds=5))
    with watching(settings, CHILLY) as watch:
        assert watch.judge.policies["chilly"].params.cold.tolist() == [18, 18]
        assert watch.policy_until == NOW + timedelta(seconds=5)
        look("UPDATE policy SET ended_at = now(), ended_by = set_by WHERE id = %s RETURNING 1", number)
        watch.follow_policy(NOW)
        assert watch.judge.policies["chilly"].params.cold.tolist() == [10, 18]
        watch.follow_policy(NOW + timedelta(seconds=5))
        assert watch.judge.policies["chilly"].params.cold.tolist() == [10, 10]
        assert watch.policy_until is None


def test_a_value_ends_by_itself_while_the_engine_runs(settings, inbox, look, put):
    now = datetime.now(UTC)
    inbox(0, "climate_sensor", "temperature", (now, 15))
    put(0, field="on", home=0, until=now + timedelta(seconds=4))
    put(18, home=0)
    with running(settings, CHILLY):
        eventually(lambda: look("SELECT 1 FROM heartbeat WHERE (detail ->> 'waiting')::int = 0"))
        assert alerts(look) == [], "it is off"
        eventually(lambda: look("SELECT 1 FROM alert"), seconds=10)
        assert look("SELECT opened_at >= %s FROM alert", now + timedelta(seconds=4)) == [(True,)]


def test_what_cries_for_help_is_raised_whatever_the_table_says(settings, registry, inbox, look, put):
    put(0, field="on", rule="sos", home=0, until=NOW + timedelta(days=1))
    inbox(0, "sos_button", "sos", (NOW, 1))
    with watching(settings, discover()["sos"]) as watch:
        judge_all(watch, NOW)
    assert look("SELECT count(*) FROM alert") == [(1,)]


def test_an_assessment_sets_what_nobody_has_set(settings, registry, look, put):
    look("UPDATE person SET self_care = ARRAY[false,false,false,false,true,true], self_care_on = now() RETURNING 1")
    put(12, rule="not_back", field="away_hours", home=1, until=NOW + timedelta(days=1))
    ((village,),) = look(
        "SELECT a.path::text FROM home h JOIN area a ON a.id = area_id WHERE h.id = %s", registry.homes[0]
    )
    put(9, rule="not_back", field="away_hours", area=village)
    with watching(settings, discover()["not_back"]) as watch:
        assert watch.judge.policies["not_back"].params.away_hours.tolist() == [6, 12]
