"""With a program's name a vendor would have its account at the broker: such names are nobody's to give."""

import pytest

from core import canary
from registry.accounts import Refusal, names


@pytest.mark.parametrize("name", sorted(names.RESERVED))
def test_a_programs_name_is_given_to_nobody(name):
    for give in (names.vendor, names.new_username):
        with pytest.raises(Refusal, match="reserved"):
            give(name)


@pytest.mark.parametrize("code", ["", "-a", "A", "a b", "a/b", "a+", "#", "a" * 33, "厂", "a\n", "$sys"])
def test_a_vendors_code_is_one_topic_level_that_no_filter_can_hide_in(code):
    with pytest.raises(Refusal, match="1 to 32"):
        names.vendor(code)


@pytest.mark.parametrize("code", ["acme", "a", "0", "a-1", "a" * 32])
def test_a_code_that_can_be_given_comes_back(code):
    assert names.vendor(code) == names.code(code) == code


def test_a_vendor_of_before_keeps_a_name_that_is_reserved_since_but_none_of_a_program_that_runs():
    assert names.code("doctor") == "doctor"
    for name in names.RUNNING:
        with pytest.raises(Refusal, match="stays as it is"):
            names.code(name)


@pytest.mark.parametrize("name", ["", "a b", "a" * 65, "a/b", "a\n", "a:b"])
def test_a_user_name_without_form_is_refused(name):
    with pytest.raises(Refusal, match="1 to 64"):
        names.new_username(name)


def test_anybodys_account_may_be_changed_but_the_self_checks():
    assert names.username("admin") == "admin"
    with pytest.raises(Refusal, match="self-check"):
        names.username(canary.VENDOR)


@pytest.mark.parametrize("text", ["", "   ", "x" * 65, "a\nb", "a\x7fb", "a\udce4b"])
def test_a_label_is_one_line_of_bounded_length(text):
    with pytest.raises(Refusal, match="a name is 1 to 64"):
        names.text(text, "a name")


def test_a_label_is_kept_without_the_blanks_around_it():
    assert names.text("  值班员甲 ", "a name") == "值班员甲"
