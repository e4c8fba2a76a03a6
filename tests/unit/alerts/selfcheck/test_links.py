"""The self-check finds the first link that is broken, and never takes a signal that is lost for one that came."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.selfcheck.links import MOST_UNDER_WAY, WORDS, Link, Rounds, Signal, broken

SECOND = 1_000_000
LATE = 15 * SECOND


@pytest.mark.parametrize(
    ("taken", "judged", "connected", "database", "stored", "link"),
    [
        (True, True, True, True, True, Link.API),  # judged, and not heard on the stream
        (True, False, True, True, True, Link.ENGINE),
        (True, False, True, True, False, Link.INGEST),
        (False, False, True, True, False, Link.BROKER),  # connected, and nothing is taken
        (True, False, False, True, False, Link.BROKER),
        (False, False, False, True, False, Link.BROKER),
        (False, False, False, True, True, Link.ENGINE),  # its acknowledgement alone was lost
        (True, True, True, False, True, Link.DATABASE),  # without it nothing else can be known
        (False, False, False, False, False, Link.DATABASE),
    ],
)
def test_the_first_link_that_a_signal_did_not_pass_is_named(taken, judged, connected, database, stored, link):
    assert broken(Signal(taken, judged), connected=connected, database=database, stored=stored) is link


@given(st.builds(Signal, st.booleans(), st.booleans()), st.booleans(), st.booleans(), st.booleans())
def test_whatever_is_known_a_signal_that_did_not_come_back_is_a_broken_link_with_words(
    signal, connected, database, stored
):
    link = broken(signal, connected=connected, database=database, stored=stored)
    assert WORDS[link].zh
    assert WORDS[link].en


def test_every_link_is_told_in_both_languages_with_what_to_do():
    for link in Link:
        assert "技术人员" in WORDS[link].zh
        assert "电话" in WORDS[link].zh
        assert "technician" in WORDS[link].en
        assert "phone" in WORDS[link].en


def test_a_signal_is_overdue_one_microsecond_after_its_time_and_not_before():
    rounds = Rounds(LATE)
    assert rounds.overdue(0) is None
    rounds.sent(0)
    assert rounds.overdue(LATE) is None
    assert rounds.overdue(LATE + 1) == 0


def test_the_oldest_that_is_missing_is_told_though_younger_ones_are_in_time():
    rounds = Rounds(LATE)
    for at in (0, 5 * SECOND, 10 * SECOND):
        rounds.sent(at)
    assert rounds.overdue(16 * SECOND) == 0


def test_one_that_comes_back_ends_the_wait_for_those_before_it_and_not_for_those_after():
    rounds = Rounds(LATE)
    for at in (0, 5 * SECOND, 10 * SECOND):
        rounds.sent(at)
    rounds.back(5 * SECOND, 6 * SECOND)
    assert (rounds.round_trip, rounds.came_back) == (SECOND, 6 * SECOND)
    assert list(rounds.under_way) == [10 * SECOND]
    assert rounds.overdue(26 * SECOND) == 10 * SECOND


def test_a_signal_that_was_never_sent_proves_nothing():
    rounds = Rounds(LATE)
    rounds.sent(0)
    rounds.back(7, 8)
    assert (rounds.round_trip, rounds.overdue(LATE + 1)) == (None, 0)


def test_one_that_is_late_is_still_told_and_its_way_was_that_long():
    rounds = Rounds(LATE)
    rounds.sent(0)
    rounds.back(0, 60 * SECOND)
    assert (rounds.round_trip, rounds.overdue(60 * SECOND)) == (60 * SECOND, None)


def test_while_none_comes_back_a_bounded_number_is_remembered_the_oldest_of_all():
    rounds = Rounds(LATE)
    for at in range(MOST_UNDER_WAY + 50):
        rounds.sent(at)
    assert len(rounds.under_way) == MOST_UNDER_WAY
    assert rounds.overdue(LATE + MOST_UNDER_WAY) == 0
