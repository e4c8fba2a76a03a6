"""Passwords are checked alike for whoever asks, and those who guess wait longer and longer."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from argon2 import PasswordHasher

from api.accounts import passwords
from api.accounts.passwords import FAILURES, LONGEST, NAMES, PAUSE, REMEMBERED, Throttle

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_pause_doubles_up_to_its_limit_and_is_forgotten():
    throttle = Throttle()
    assert [throttle.attempt("a", "x", NOW) for _ in range(FAILURES)] == [None] * FAILURES
    now, pauses = NOW, []
    for _ in range(7):
        pauses.append(throttle.attempt("a", "x", now))
        now += pauses[-1]
        assert throttle.attempt("a", "x", now) is None
    assert pauses == [min(PAUSE * 2**n, LONGEST) for n in range(7)]
    assert throttle.attempt("a", "x", now + LONGEST * 2) is None
    assert throttle.attempt("a", "x", now + LONGEST * 2) is None


def test_how_often_a_colleague_fails_does_not_shut_out_others_behind_the_address():
    throttle, now = Throttle(), NOW
    for number in range(NAMES * 10):
        throttle.attempt(f"clumsy{number % (NAMES - 1)}", "x", now)
        now += LONGEST / NAMES  # the pauses are over now and then, so that the failures go on
    assert throttle.attempt("colleague", "x", now) is None


def test_guessing_over_many_names_is_slowed_down_too():
    throttle = Throttle()
    for number in range(NAMES):
        assert throttle.attempt(f"user{number}", "x", NOW) is None
    assert throttle.attempt("another", "x", NOW)
    assert throttle.attempt("another", "y", NOW) is None


def test_success_forgets_failures():
    throttle = Throttle()
    for _ in range(FAILURES * 3):
        assert throttle.attempt("a", "x", NOW) is None
        throttle.succeeded("a", "x")


def test_the_throttles_memory_is_bounded():
    throttle = Throttle()
    for number in range(REMEMBERED + 100):
        throttle.attempt("a", f"address{number}", NOW + timedelta(seconds=number))
    assert len(throttle._failed) <= REMEMBERED


def test_the_pause_is_for_who_guesses_and_not_for_whose_name_is_guessed():
    throttle = Throttle()
    while not throttle.attempt("op1", "guesser", NOW):
        pass
    assert throttle.attempt("op1", "the desk", NOW) is None


# -- hashes and tokens

TODAYS = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)  # as slow as it is wanted costs these tests seconds
WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture
def light(monkeypatch):
    monkeypatch.setattr(passwords, "HASHER", TODAYS)
    passwords._nobody.cache_clear()
    yield
    passwords._nobody.cache_clear()


def test_a_check_costs_what_rfc_9106_asks_where_memory_is_scarce():
    assert (passwords.HASHER.memory_cost, passwords.HASHER.time_cost) == (65_536, 3)  # KiB


@pytest.mark.parametrize("password", ["lantern-otter-41", "守望守望守望", "x" * 1000, " "])
@pytest.mark.usefixtures("light")
def test_the_right_password_matches_and_every_other_does_not(password):
    encoded = WEAK.hash(password)
    assert passwords.matches(encoded, password)
    for wrong in ("", password + " ", password.upper() + "!", password[:-1]):
        assert not passwords.matches(encoded, wrong)


@pytest.mark.parametrize("encoded", [None, "", "not a hash", "$argon2id$v=19$m=8,t=1,p=1$"])
@pytest.mark.usefixtures("light")
def test_without_a_hash_no_password_matches_and_nothing_fails(encoded):
    assert not passwords.matches(encoded, "lantern-otter-41")


def test_who_does_not_exist_is_denied_by_the_same_work_as_who_does(light, monkeypatch):
    verified = []
    monkeypatch.setattr(
        passwords, "HASHER", SimpleNamespace(hash=TODAYS.hash, verify=lambda *words: verified.append(words) or True)
    )
    assert not passwords.matches(None, "lantern-otter-41")
    assert len(verified) == 1


def test_a_password_that_is_no_text_is_denied_and_not_an_error():
    assert not passwords.matches(WEAK.hash("x"), "\ud800")


@pytest.mark.usefixtures("light")
def test_a_hash_that_is_weaker_than_todays_is_made_anew_and_todays_is_kept():
    assert passwords.matches(passwords.stronger(WEAK.hash("lantern-otter-41"), "lantern-otter-41"), "lantern-otter-41")
    assert passwords.stronger(TODAYS.hash("lantern-otter-41"), "lantern-otter-41") is None


def test_the_database_knows_a_tokens_hash_alone_and_no_two_are_alike():
    tokens = [passwords.new_token() for _ in range(100)]
    assert len({token for token, _ in tokens}) == len({digest for _, digest in tokens}) == 100
    assert all(passwords.token_hash(token) == digest and token.encode() not in digest for token, digest in tokens)
    assert len(passwords.token_hash("\ud800 whatever a header holds")) == 32
