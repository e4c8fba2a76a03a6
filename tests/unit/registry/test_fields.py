"""What is known of homes and people: each field reads what it writes and refuses the rest by its reason."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import fields

BY_NAME = {field.name: field for field in (*fields.HOME, *fields.PERSON)}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("born", "1941-03-09", date(1941, 3, 9)),
        ("born", "1941/3/9", date(1941, 3, 9)),  # as Excel saves it
        ("ability", "2", 2),
        ("ability", "完全失能", 4),
        ("ability", "", None),
        ("self_care", "是是否是是否", [True, True, False, True, True, False]),
        ("self_care", "YYNYYN", [True, True, False, True, True, False]),
        ("phones", "138 0013 8000；010-6555 0199 转 2", ["138 0013 8000", "010-6555 0199 转 2"]),
        ("categories", "低保、独居、低保", ["低保", "独居"]),
        ("latitude", "31.2304", 31.2304),
    ],
)
def test_a_field_is_read_as_people_write_it(name, text, value):
    assert BY_NAME[name].read(text) == value


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("born", "1941-02-30", "is not a date"),
        ("ability", "5", "is not 0 to 4"),
        ("self_care", "是是是", "吃饭、穿衣、上下床、如厕、室内行走、洗澡"),
        ("phones", "见备注", "is not a telephone number"),
        ("phones", "110|120|119|122|12345|999", "5 are the most"),
        ("categories", "|".join(map(str, range(11))), "10 are the most"),
        ("latitude", "91", "between -90 and 90"),
        ("longitude", "nan", "between -180 and 180"),
        ("illnesses", "病" * 501, "500 are the most"),
    ],
)
def test_a_wrong_field_says_what_to_mend(name, text, why):
    with pytest.raises(ValueError, match=why):
        BY_NAME[name].read(text)


@given(st.sampled_from(sorted(BY_NAME)), st.text(max_size=40))
def test_whatever_stands_in_a_field_it_is_refused_or_reads_back_as_it_is_written(name, text):
    field = BY_NAME[name]
    with suppress(ValueError):
        value = field.read(text)
        assert field.read(field.write(value)) == value


def test_each_permission_shows_its_own_fields_and_no_others():
    assert fields.visible(fields.PERSON, {fields.SEEN}) == ["born", "sex", "language"]
    assert "illnesses" not in fields.visible(fields.PERSON, {fields.SEEN, fields.CONTACTS})
    assert "phones" not in fields.visible(fields.PERSON, {fields.SEEN, fields.HEALTH})


def test_what_is_logged_is_what_was_shown_and_says_something():
    row = dict.fromkeys(BY_NAME) | {"illnesses": "高血压", "phones": [], "language": "吴语", "carer": "示例·乙"}
    assert fields.told(fields.PERSON, row, {fields.SEEN, fields.HEALTH}) == {"illnesses"}
    assert fields.told(fields.PERSON, row, {fields.SEEN, fields.HEALTH, fields.CONTACTS}) == {"illnesses", "carer"}
    assert fields.told(fields.PERSON, row, {fields.SEEN}) == set()


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"latitude": 31.2}, "longitude"),
        ({"carer_since": date(2026, 2, 1), "carer_until": date(2026, 1, 1)}, "carer_until"),
        ({"latitude": 0.0, "longitude": 0.0, "carer_until": date(2026, 1, 1)}, None),
    ],
)
def test_values_that_contradict_each_other_are_named(values, where):
    wrong = fields.contradiction(values)
    assert (wrong and wrong[0]) == where
