"""What an assessment of self-care or ability sets by itself, before anybody sets anything: data with its source.

Who cannot get up alone must be found sooner: after a fall an hour on the floor already costs lives (Wild et al., BMJ
1981). The steps are those by which the assessments themselves divide; the hours are own choices within each rule's
bounds. No area's value makes them longer; one for the home does, with an end.
"""

from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from alerts.judging.fleet import Fleet
from alerts.judging.policy import Own


class Grade(NamedTuple):
    """People who need as much help: what is known of them, and what holds for them."""

    attribute: str  # core.snapshot.PERSON
    from_: int
    source: str
    sets: MappingProxyType[tuple[str, str], float]  # (rule, field) → value


_SOME = MappingProxyType(
    {
        ("no_sign_of_life", "ceiling_hours"): 10.0,
        ("no_sign_of_life", "unlearned_hours"): 7.0,
        ("not_back", "away_hours"): 9.0,
    }
)
_ALL = MappingProxyType(
    {
        ("no_sign_of_life", "ceiling_hours"): 8.0, ("no_sign_of_life", "unlearned_hours"): 6.0,
        ("no_sign_of_life", "in_bed_hours"): 10.0, ("no_sign_of_life", "mat_hours"): 8.0,
        ("not_back", "away_hours"): 6.0,
    }
)  # fmt: skip
SELF_CARE = "《特困人员认定办法》（民发〔2021〕43号）：六项自理能力中 1 至 3 项不能为部分丧失，4 项以上为完全丧失"
ABILITY = "GB/T 42195-2022《老年人能力评估规范》：2 中度失能，3 重度失能，4 完全失能"
GRADES = (
    Grade("self_care_lost", 1, SELF_CARE, _SOME),
    Grade("ability", 2, ABILITY, _SOME),
    Grade("self_care_lost", 4, SELF_CARE, _ALL),
    Grade("ability", 3, ABILITY, _ALL),
)


def defaults(fleet: Fleet) -> dict[str, list[Own]]:
    """By rule, what the assessments of who lives there set: never what makes a rule quieter."""
    found: dict[str, list[Own]] = {}
    for grade in GRADES:
        homes = np.flatnonzero(fleet.person(grade.attribute) >= grade.from_).astype(np.int32)
        if len(homes):
            for (rule, field), value in grade.sets.items():
                found.setdefault(rule, []).append(Own(field, homes, value))
    return found


def defaults_of(known: dict[str, int]) -> dict[tuple[str, str], tuple[float, str]]:
    """The same for one home whose attributes are known: (value, source) by (rule, field)."""
    return {
        place: (value, grade.source)
        for grade in GRADES
        if known.get(grade.attribute, -1) >= grade.from_
        for place, value in grade.sets.items()
    }
