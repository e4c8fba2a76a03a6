"""Health says what keeps alerts from being raised, and is never better than the programs are."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.selfcheck.links import WORDS, Link
from api.health.verdict import DEAD_AFTER, LAG_LIMIT, Unheard, Vitals, judge, unreachable
from core.model import Beat

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def beat(process, seconds_ago=1.0, **detail):
    return Beat(process, NOW - timedelta(seconds=seconds_ago), {"connected": True, "lag_seconds": 0.1, **detail})


WELL = [beat("engine/0"), beat("ingest/1")]


@pytest.mark.parametrize(
    ("beats", "waits", "status", "codes"),
    [
        (WELL, None, "ok", []),
        (WELL, 5, "ok", []),
        ([], None, "down", ["engine_missing", "ingest_missing"]),
        ([beat("engine/0", 10.1), WELL[1]], 60, "down", ["engine_0_stopped"]),
        ([beat("engine/0", lag_seconds=11), WELL[1]], None, "degraded", ["engine_lagging"]),
        (WELL, 11, "degraded", ["engine_lagging"]),  # a stuck engine does not tell; the table does
        ([WELL[0], beat("ingest/1", 11)], None, "down", ["ingest_1_stopped"]),
        ([*WELL, beat("ingest/2", 11)], None, "degraded", ["ingest_2_stopped"]),
        ([*WELL, beat("ingest/2", connected=False)], None, "degraded", ["ingest_2_disconnected"]),
        ([*WELL, beat("ingest/old", 90_000)], None, "ok", []),
        ([WELL[0], beat("ingest/old", 90_000)], None, "down", ["ingest_missing"]),
    ],
)
def test_health_says_what_keeps_alerts_from_being_raised(beats, waits, status, codes):
    oldest = NOW - timedelta(seconds=waits) if waits else None
    health = judge(Vitals(beats, oldest), 1, NOW)
    assert (health.status, [problem.code for problem in health.problems]) == (status, codes)
    assert all(problem.message_zh and problem.message_en for problem in health.problems)


def test_every_shard_must_be_alive():
    health = judge(Vitals(WELL, None), 2, NOW)
    assert (health.status, health.engine.alive) == ("down", False)


# -- whatever is known


def codes(*beats, oldest=None, unheard=(), shards=1):
    health = judge(Vitals(list(beats), oldest, list(unheard)), shards, NOW)
    return health, [problem.code for problem in health.problems]


BEATS = st.builds(
    beat,
    st.sampled_from(["engine/0", "engine/1", "ingest/1", "ingest/2", "canary", "notify"]),
    st.floats(-60, 200_000),
    connected=st.booleans(),
    lag_seconds=st.floats(0, 100) | st.none(),
    broken=st.none() | st.sampled_from(list(Link)),
)


@given(st.lists(BEATS, max_size=8), st.none() | st.floats(-60, 100_000), st.integers(1, 3))
def test_all_is_well_only_when_every_shard_and_a_worker_live_and_nothing_waits(beats, waits, shards):
    oldest = None if waits is None else NOW - timedelta(seconds=waits)
    health, problems = codes(*beats, oldest=oldest, shards=shards)
    living = {one.process for one in beats if NOW - one.at <= DEAD_AFTER}
    dead = {one.process for one in beats} - living
    if not {f"engine/{shard}" for shard in range(shards)} <= living | dead:
        assert (health.status, "engine_missing" in problems) == ("down", True)
    if not any(process.startswith("ingest/") for process in living):
        assert health.status == "down"
    if health.status == "ok":
        assert problems == []
        assert waits is None or waits <= LAG_LIMIT.total_seconds()
    else:
        assert problems, "what is not well has words"


@pytest.mark.parametrize("lag", [None, 0, 0.1])
def test_an_engine_that_lives_and_judges_nothing_is_found_by_what_waits(lag):
    health, problems = codes(beat("engine/0", lag_seconds=lag), WELL[1], oldest=NOW - timedelta(minutes=5))
    assert (health.status, problems) == ("degraded", ["engine_lagging"])
    assert health.engine.lag_seconds == 300
    assert health.problems[0].since == NOW - timedelta(minutes=5)


def test_a_batch_from_a_clock_that_is_ahead_is_no_lag():
    health, problems = codes(*WELL, oldest=NOW + timedelta(seconds=30))
    assert (problems, health.engine.lag_seconds) == ([], 0.1)


def test_one_of_two_shards_that_died_is_down_and_the_oldest_sign_of_life_is_shown():
    health, problems = codes(beat("engine/0"), beat("engine/1", 60), WELL[1], shards=2)
    assert (health.status, problems) == ("down", ["engine_1_stopped"])
    assert health.engine.at == NOW - timedelta(seconds=60)


@pytest.mark.parametrize("link", Link)
def test_a_link_that_the_self_check_does_not_pass_is_told_in_its_words(link):
    health, problems = codes(*WELL, beat("canary", broken=link, round_trip_seconds=0.2))
    assert (health.status, problems) == ("degraded", [f"canary_{link}"])
    assert WORDS[link].zh in health.problems[0].message_zh
    assert WORDS[link].en in health.problems[0].message_en


def test_a_self_check_that_died_is_told_and_its_last_word_is_not_believed():
    _, problems = codes(*WELL, beat("canary", 11, broken=Link.API))
    assert problems == ["canary_stopped"]
    assert codes(*WELL, beat("canary", broken=None))[1] == []


def test_cries_that_nobody_has_a_home_for_ring_first_whatever_else_is_wrong():
    cries = Unheard("示例厂", 3, NOW - timedelta(minutes=2))
    health, problems = codes(unheard=[cries])
    assert problems == ["unheard_emergency", "engine_missing", "ingest_missing"]
    assert [problem.aloud for problem in health.problems] == [True, False, False]
    assert "3" in health.problems[0].message_zh
    assert codes(*WELL, unheard=[cries])[0].status == "degraded"


def test_a_database_that_does_not_answer_is_down_since_when_it_was_lost():
    since = NOW - timedelta(seconds=3)
    health = unreachable(since, NOW)
    assert (health.status, health.engine.alive, health.problems[0].since) == ("down", False, since)
    assert "电话" in health.problems[0].message_zh
