"""Texts that people write differently are alike, and a character is spelt in every way it is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.search import form, readings


@pytest.mark.parametrize("text", ["一号-2", "一号 2", "一号－２", "一号 · 2", "一号、2", "一号—2", "一 号 2"])
def test_blanks_dashes_and_width_make_no_other_text(text):
    assert form(text) == "一号2"


def test_case_makes_no_other_text():
    assert form("Acme BTN-17") == form("ACME btn 17") == "acmebtn17"


TEXTS = st.text(st.sampled_from("幸福村号0１2aAＺ -－—·、（ "), max_size=40)


@given(TEXTS)
def test_what_is_alike_once_stays_so(text):
    assert form(form(text)) == form(text)


@pytest.mark.parametrize(
    ("toned", "spelt"),
    [
        ("zhòng,chóng", ["zhong", "chong"]),
        ("lǜ", ["lv", "lu"]),
        ("wáng", ["wang"]),
        ("ń,ńg", ["n", "ng"]),
        ("má,mā", ["ma"]),
    ],
)
def test_a_character_is_spelt_without_tones_in_every_way_it_is_read(toned, spelt):
    assert readings(toned) == spelt
