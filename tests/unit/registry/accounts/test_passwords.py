"""A password that is easy to guess is refused for a reason, in both languages and without a part of it."""

import secrets
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.accounts import Refusal, names, passwords


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "10 to 200 characters"), ("x" * 201, "10 to 200 characters"), ("", "10 to 200 characters"),
        ("password123", "a common password"), ("5201314abc", "common password"), ("aaaaaaaaaaaa", "repeats"),
        ("19470101abc", "a date"), ("zxcvfr5678", "keys side by side"), ("shouwang-2026", "product's name"),
        ("守望守望守望守望守望!", "product's name"), ("Wang.Xiaoming.1", "product's name"),
        ("night1night1", "product's name"),
        ("张伟张伟张伟张伟123", "product's name"),
    ],
)  # fmt: skip
def test_a_password_is_weak_for_a_reason(password, reason):
    with pytest.raises(Refusal, match="密码太弱") as refused:
        passwords.check(password, ["night1", "wang xiaoming", "张伟"])
    assert reason in str(refused.value)
    assert not password or password not in str(refused.value)


@given(st.text(max_size=250), st.text(max_size=70))
def test_whatever_is_given_as_name_or_password_is_taken_or_refused_in_words(password, name):
    for check in (names.vendor, names.new_username, lambda text: names.text(text, "a name")):
        with suppress(Refusal):
            taken = check(name)
            assert 0 < len(taken.encode()) <= 4 * 64
            assert taken not in names.RESERVED or check not in (names.vendor, names.new_username)
    with suppress(Refusal):
        passwords.check(password, [name])
        assert len(password.encode()) >= passwords.SHORTEST


def test_every_reason_of_the_checker_has_words():
    import zxcvbn_rs_py

    assert {name for name in dir(zxcvbn_rs_py.Warning) if name[0].isupper()} == set(passwords.REASONS)


def test_random_passwords_pass_and_the_demos_among_them():
    for _ in range(100):
        passwords.check(f"demo-{secrets.token_hex(4)}", ["duty1", "值班员甲"])
        passwords.check(secrets.token_urlsafe(9), ["duty1", "值班员甲"])
