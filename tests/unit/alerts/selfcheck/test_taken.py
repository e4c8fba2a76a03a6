"""Sessions that were taken over: whose, how often, and for how long it is on the banner."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.selfcheck.ends import CLOSED
from alerts.selfcheck.links import WORDS, Link
from alerts.selfcheck.taken import MOST_NAMES, Owner, Taken, owner
from api.health.verdict import Vitals, judge
from core.identity import fingerprint, random_id
from core.model import Beat

SECRET = "A" * 22
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("client_id", "whose"),
    [
        (f"acme/btn-17.{SECRET}", Owner("acme", "btn-17")),
        (f"acme/cloud/1.{SECRET}", Owner("acme", "cloud/1")),
        ("acme/btn-17", Owner("acme", "btn-17")),
        ("btn-17", "btn-17"),
        (f"btn-17.{SECRET}", "btn-17"),
    ],
)
def test_whose_an_id_is_stands_in_it(client_id, whose):
    assert owner(client_id) == whose


def test_one_of_ours_is_known_by_its_fingerprint_alone_whatever_it_is_called():
    taken, ours = Taken(), random_id("shouwang-ingest-1-urgent-acme")
    taken.hear([random_id("shouwang-ingest-1-urgent-acme")], frozenset([fingerprint(ours)]), NOW)
    assert not taken.open(NOW)
    taken.hear([ours], frozenset([fingerprint(ours)]), NOW)
    assert taken.open(NOW)
    assert taken.counts == {"ours": 1, "others": 1}


def test_the_banner_stays_ten_minutes_after_the_last_and_names_the_first():
    taken, ours = Taken(), random_id("x")
    for minutes in (0, 6, 12):
        taken.hear([ours], frozenset([fingerprint(ours)]), NOW + timedelta(minutes=minutes))
    assert taken.since == NOW
    assert taken.open(NOW + timedelta(minutes=21))
    assert not taken.open(NOW + timedelta(minutes=22))
    taken.hear([ours], frozenset([fingerprint(ours)]), NOW + timedelta(hours=1))
    assert taken.since == NOW + timedelta(hours=1)


def test_a_flood_is_counted_and_what_is_remembered_of_it_is_bounded():
    taken = Taken()
    taken.hear((f"id-{number}" for number in range(5 * MOST_NAMES)), frozenset(), NOW)
    assert taken.counts["others"] == 5 * MOST_NAMES
    assert len(taken.tell()) == MOST_NAMES
    assert taken.tell() == {}


def test_mosquittos_line_is_read_whatever_the_id_is():
    said = b"1795566718: Client a: Client b already connected, closing old connection. already connected, closing old"
    assert CLOSED.match(said + b" connection.")[1].decode() == (
        "a: Client b already connected, closing old connection."
    )
    assert CLOSED.match(b"Client x already connected, closing old connection.")[1] == b"x"
    assert CLOSED.match(b"1795566718: Error: Unable to open file") is None


@given(st.lists(st.text()))
def test_an_id_may_be_anything(client_ids):
    taken = Taken()
    taken.hear(client_ids, frozenset(), NOW)
    assert sum(taken.tell().values()) == len(client_ids) == taken.counts["others"]


def test_the_console_is_told_in_the_self_checks_words():
    beats = [Beat("canary", NOW, {"broken": "session", "round_trip_seconds": 0.01})]
    [problem] = [one for one in judge(Vitals(beats, None), 0, NOW).problems if one.code.startswith("canary")]
    assert problem.code == "canary_session"
    assert WORDS[Link.SESSION].zh in problem.message_zh
    assert WORDS[Link.SESSION].en in problem.message_en
