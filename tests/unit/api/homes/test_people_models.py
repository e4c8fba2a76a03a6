"""What registrars may write of people: bounded, one line where it is one, and nothing that breaks the register file."""

import pytest
from pydantic import ValidationError

from api.homes.people_models import CategoryEdit, ContactEdit, HomeEdit, PersonEdit, is_phone

PERSON = {"name": "示例·甲"}
CONTACT = {"name": "示例·乙", "role": "女儿", "phone": "000-1"}


@pytest.mark.parametrize(
    ("model", "given"),
    [
        (PersonEdit, {"name": " "}), (PersonEdit, PERSON | {"name": "甲\n乙"}),
        (PersonEdit, PERSON | {"born": "1879-12-31"}),
        (PersonEdit, PERSON | {"ability": 5}), (PersonEdit, PERSON | {"self_care": [True] * 5}),
        (PersonEdit, PERSON | {"spo2_scale": 3}), (PersonEdit, PERSON | {"phones": ["1"] * 6}),
        (PersonEdit, PERSON | {"illnesses": "x" * 501}), (PersonEdit, PERSON | {"note": "a\0b"}),
        (PersonEdit, PERSON | {"categories": ["独居"]}), (PersonEdit, PERSON | {"ilness": "misspelt"}),
        (ContactEdit, CONTACT | {"name": "a:b"}), (ContactEdit, CONTACT | {"role": "a|b"}),
        (ContactEdit, {"name": "x"}),
        (ContactEdit, CONTACT | {"hours": "a;b"}), (HomeEdit, {"revision": 1, "latitude": 90.1}), (HomeEdit, {}),
        (HomeEdit, {"revision": 1, "residents": [PERSON] * 11}),
        (HomeEdit, {"revision": 1, "contacts": [CONTACT] * 21}),
        (CategoryEdit, {"zh": "", "en": "x"}),
    ],
)  # fmt: skip
def test_what_is_out_of_bounds_is_refused(model, given):
    with pytest.raises(ValidationError):
        model.model_validate(given)


def test_blanks_around_are_dropped_and_a_remark_may_have_lines():
    person = PersonEdit.model_validate({"name": " 示例·甲 ", "note": "听力差\n说慢些"})
    assert (person.name, person.note) == ("示例·甲", "听力差\n说慢些")


def test_a_field_that_is_not_given_is_known_not_to_be():
    edit = HomeEdit.model_validate({"revision": 1, "dog": ""})
    assert edit.model_fields_set == {"revision", "dog"}


@pytest.mark.parametrize(
    ("text", "callable_"), [("138 0013 8000", True), ("010-6555 0199 转 2", True), ("见备注", False), ("", False)]
)
def test_a_number_that_can_be_called_is_one(text, callable_):
    assert is_phone(text) is callable_
