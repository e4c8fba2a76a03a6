"""Passwords are checked alike for whoever asks, and those who guess wait longer and longer."""

from datetime import UTC, datetime, timedelta

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
