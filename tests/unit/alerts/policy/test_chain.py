"""What is set of the rules: columns within bounds, the chain by which a value comes about, and what is refused."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from alerts.judging.findings import Findings
from alerts.judging.fleet import Fleet
from alerts.judging.policy import SWITCH, Own, resolved
from alerts.policy import care
from alerts.policy.chain import OutOfBoundsError, Wish, chains, check, settable
from alerts.rules import discover
from core.model import Severity

RULES = discover()
NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)
DAY = timedelta(days=1)


def rows(*homes):
    return np.array(homes, np.int32)


def given(field, value, *, home=None, area=None, rule="gas", number=1, quieter=False):
    return SimpleNamespace(id=number, rule=rule, field=field, value=value, home_id=home, area_id=area, quieter=quieter)


def ask(rule, field, value, *, until=None, review_at=None, there=(), assessed=None, home=7):
    wish = Wish(None, home, field, value, until, review_at)
    return check(RULES[rule], assessed or {}, there, wish, NOW)


def test_a_value_holds_where_it_was_set_and_the_default_elsewhere():
    policy = resolved(RULES["gas"], 3, [Own("alarm_lel", rows(1), 8.0)])
    assert policy.params.alarm_lel.tolist() == [10, 8, 10]
    assert policy.params.clear_lel.tolist() == [5, 5, 5]
    assert not policy.off.any()


def test_of_two_values_for_a_home_the_later_stands():
    wide, own = Own("away_hours", rows(0, 1), 9.0), Own("away_hours", rows(1), 4.0)
    assert resolved(RULES["not_back"], 3, [wide, own]).params.away_hours.tolist() == [9, 4, 12]


def test_nobody_changes_a_column_that_rules_are_given():
    policy = resolved(RULES["gas"], 3, [Own("alarm_lel", rows(1), 8.0)])
    for column in (policy.params.alarm_lel, policy.params.clear_lel):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 99


@pytest.mark.parametrize("value", [2.9, 10.1, float("nan"), float("inf")])
def test_what_an_older_version_allowed_and_this_one_does_not_is_left_out_and_said(value, caplog):
    policy = resolved(RULES["gas"], 2, [Own("alarm_lel", rows(0), value), Own("gone", rows(0), 1.0)])
    assert policy.params.alarm_lel.tolist() == [10, 10]
    assert "alarm_lel" in caplog.text
    assert "gone" in caplog.text


def test_values_that_contradict_each_other_are_moved_to_where_the_rule_judges_sooner():
    gas = resolved(RULES["gas"], 2, [Own("alarm_lel", rows(0, 1), 4.0), Own("clear_lel", rows(1), 3.0)]).params
    assert (gas.alarm_lel.tolist(), gas.clear_lel.tolist()) == ([4, 4], [4, 3])
    room = resolved(
        RULES["room_temperature"], 1, [Own("very_cold", rows(0), 16.0), Own("very_hot", rows(0), 30.0)]
    ).params
    assert [float(getattr(room, name)[0]) for name in room.ORDER[0]] == [16, 16, 17, 30, 30, 30]
    life = resolved(RULES["no_sign_of_life"], 1, [Own("floor_hours", rows(0), 4.0, loosens=True)]).params
    assert (life.floor_hours[0], life.ceiling_hours[0]) == (4, 12)


def test_what_was_set_as_stricter_never_loosens_whatever_is_set_or_assessed_around_it():
    stricter, wide, ends = Own("away_hours", rows(0), 9.0), Own("away_hours", rows(0, 1), 4.0), NOW + DAY
    assert resolved(RULES["not_back"], 2, [wide, stricter]).params.away_hours.tolist() == [4, 4]
    loosened = Own("away_hours", rows(0), 9.0, loosens=True)
    assert resolved(RULES["not_back"], 2, [wide, loosened]).params.away_hours.tolist() == [9, 4]
    of = {"rule": "not_back"}
    area, mine = given("away_hours", 4, area=1, **of), given("away_hours", 9, home=7, number=2, **of)
    assert chains(RULES["not_back"], {}, [area, mine])["away_hours"][-1].value == 4
    assert ask("not_back", "away_hours", 9, there=[area], until=ends).quieter


def test_a_rule_that_an_area_switched_off_is_on_where_a_home_says_so():
    off, on = Own(SWITCH, rows(0, 1), 0, loosens=True), Own(SWITCH, rows(1), 1)
    assert resolved(RULES["water_leak"], 2, [off, on]).off.tolist() == [True, False]
    assert resolved(RULES["water_leak"], 2, [Own(SWITCH, rows(0, 1), 0)]).off.tolist() == [False, False]


def test_a_rule_that_is_off_finds_nothing_there_and_says_still_where_it_is_over():
    policy = resolved(RULES["water_leak"], 3, [Own(SWITCH, rows(2), 0, loosens=True)])
    clear = np.array([True, False, True])
    findings = Findings.of(rows(0, 2), np.array([5, 6]), severity=[Severity.URGENT, Severity.CONCERN], clear=clear,
                           device=rows(3, 4), evidence=lambda at: {"at": at}, value=np.array([1.0, 2.0]))  # fmt: skip
    kept = policy.kept(findings)
    assert (kept.home.tolist(), kept.device.tolist(), kept.at.tolist()) == ([0], [3], [5])
    assert (kept.severity_of(0), kept.evidence(0)) == (Severity.URGENT, {"at": 0})
    assert kept.clear is clear


@pytest.mark.parametrize("rule", [name for name, one in RULES.items() if one.severity is Severity.EMERGENCY])
def test_what_cries_for_help_is_never_off(rule, caplog):
    assert SWITCH not in settable(RULES[rule])
    with pytest.raises(OutOfBoundsError, match="can't be switched off"):
        ask(rule, SWITCH, 0, until=NOW + DAY)
    assert not resolved(RULES[rule], 2, [Own(SWITCH, rows(0, 1), 0, loosens=True)]).off.any()
    assert rule in caplog.text


def test_evidence_says_by_which_own_values_it_was_judged():
    policy = resolved(RULES["not_back"], 2, [Own("away_hours", rows(1), 4.0)])
    findings = Findings.of(rows(0, 1), np.array([1, 1]), severity=Severity.ATTENTION, evidence=lambda at: {"n": at})
    assert [policy.kept(findings).evidence(at) for at in (0, 1)] == [
        {"n": 0},
        {"n": 1, "policy": {"away_hours": 4.0}, "policy_zh": "外出多久报警 4 h",
         "policy_en": "how long somebody may be out 4 h"},
    ]  # fmt: skip


def test_a_value_comes_about_by_default_areas_assessment_and_home():
    assessed, of = {("not_back", "away_hours"): (6.0, "GB/T 42195-2022")}, {"rule": "not_back"}
    there = [given("away_hours", 10, area=1, **of), given("away_hours", 3, home=7, number=2, **of)]
    links = chains(RULES["not_back"], assessed, there)["away_hours"]
    assert [(one.value, one.origin, one.setting) for one in links] == [
        (12, "default", None), (10, "area", 1), (6, "assessment", None), (3, "home", 2),
    ]  # fmt: skip


def test_what_judges_sooner_needs_no_end_and_is_looked_at_again_within_a_year():
    verdict = ask("not_back", "away_hours", 6)
    assert not verdict.quieter
    assert NOW < verdict.review_at <= NOW + 366 * DAY


@pytest.mark.parametrize("until", [None, NOW + 93 * DAY])
def test_what_makes_a_rule_quieter_must_end_within_a_quarter(until):
    with pytest.raises(OutOfBoundsError, match="within 92 days"):
        ask("not_back", "away_hours", 24, until=until)
    with pytest.raises(OutOfBoundsError, match="within 92 days"):
        ask("water_leak", SWITCH, 0, until=until)


def test_quieter_is_said_of_what_holds_there_and_not_of_the_default():
    there = [given("away_hours", 4, area=1, rule="not_back")]
    with pytest.raises(OutOfBoundsError, match="must end"):
        ask("not_back", "away_hours", 6, there=there)
    assert ask("not_back", "away_hours", 6, there=there, until=NOW + DAY).quieter
    mine = [given("away_hours", 4, home=7, rule="not_back")]
    assert not ask("not_back", "away_hours", 6, there=mine).quieter, "it takes the place of that one"


@pytest.mark.parametrize(
    ("rule", "field", "value", "bound"),
    [
        ("gas", "alarm_lel", 11, "3–10 %LEL.*GB 15322"), ("vital_signs", "spo2_low", 90, "91–95 %.*NEWS2"),
        ("room_temperature", "cold", 15, "16–20 °C.*WHO"), ("not_back", "away_hours", 100, "2–72 h"),
        ("gas", "nothing", 1, "alarm_lel"), ("gas", "alarm_lel", 4, "may not be above"),
        ("not_back", "away_hours", float("nan"), "2–72 h"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_bound(rule, field, value, bound):
    with pytest.raises(OutOfBoundsError, match=bound):
        ask(rule, field, value)


@pytest.mark.parametrize(
    "times", [{"until": NOW}, {"review_at": NOW}, {"review_at": NOW + 367 * DAY}], ids=lambda times: next(iter(times))
)
def test_its_times_lie_ahead(times):
    with pytest.raises(OutOfBoundsError):
        ask("not_back", "away_hours", 6, **times)


def test_who_cannot_get_up_is_given_a_shorter_limit_within_the_rules_bounds():
    fleet = Fleet.build([1, 2, 3], [])
    fleet.person("self_care_lost")[:] = [-1, 2, 6]
    fleet.person("ability")[:] = [1, -1, 2]
    own = care.defaults(fleet)
    hours = resolved(RULES["not_back"], 3, own["not_back"]).params.away_hours
    assert hours[0] > hours[1] > hours[2]
    for name, values in own.items():
        policy = resolved(RULES[name], 3, values)
        for one in values:
            assert getattr(policy.params, one.field)[one.homes[-1]] <= one.value
    assert care.defaults_of({"self_care_lost": 6})["not_back", "away_hours"][0] == hours[2]
    assert "民发" in care.defaults_of({"self_care_lost": 6})["not_back", "away_hours"][1]
    assert care.defaults_of({"ability": 0, "self_care_lost": 0}) == {}


def test_whatever_an_assessment_sets_fits_the_rule_and_judges_sooner():
    for (rule, field), (value, _) in care.defaults_of({"self_care_lost": 6, "ability": 4}).items():
        bound = settable(RULES[rule])[field]
        bound.check(value)
        assert not bound.quieter(value, bound.default)
        assert value != bound.default
