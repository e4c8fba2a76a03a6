"""One person's day: where she is and what she does, minute by minute. A pure function of seed, home and date.

Shaped like the two real homes of Ordóñez et al. (Sensors 2013, 13, 5460): a night of eight to ten hours with one or
two trips to the toilet, meals at set hours, long stretches in one seat. docs/simulator.md has the figures side by side.
"""

import random
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import NamedTuple

MINUTES = 1440


class Stay(NamedTuple):
    """A stretch of the day, in minutes from local midnight."""

    begin: float
    end: float
    what: str  # asleep, nap, toilet, meal, rest (about the house), seat (hardly moving), visit, out


@dataclass(frozen=True, slots=True)
class Habits:
    """What stays the same from day to day for one person."""

    wake: float
    bed: float
    lunch: float
    supper: float
    goes_out: float  # probability of each of two outings
    night_toilet: float  # mean number of trips
    pulse: float
    toilet: float  # mean number of trips by day
    sits: float  # probability of each of three long stretches in one seat
    company: float  # probability of a visitor that day


def habits(seed: int, home: int) -> Habits:
    """A person's habits."""
    chance = random.Random(f"habits/{seed}/{home}")  # noqa: S311 - a simulation
    return Habits(
        wake=chance.uniform(320, 410),
        bed=chance.uniform(1215, 1320),
        lunch=chance.uniform(670, 720),
        supper=chance.uniform(1020, 1080),
        goes_out=chance.uniform(0.3, 0.8),
        night_toilet=chance.uniform(0, 2.2),
        pulse=chance.uniform(60, 80),
        toilet=chance.uniform(3.5, 6),
        sits=chance.uniform(0.3, 0.95),
        company=chance.uniform(0.05, 0.4),
    )


def day(seed: int, home: int, on: date) -> list[Stay]:
    """The whole day from midnight to midnight, without gaps or overlaps."""
    own = habits(seed, home)
    chance = random.Random(f"day/{seed}/{home}/{on.isoformat()}")  # noqa: S311 - a simulation
    wake, bed = chance.gauss(own.wake, 15), chance.gauss(own.bed, 20)
    lunch, supper = chance.gauss(own.lunch, 12), chance.gauss(own.supper, 12)
    plan: list[Stay] = [
        Stay(wake + 2, wake + 8, "toilet"),
        Stay(wake + 12, wake + 40, "meal"),
        Stay(lunch, lunch + chance.uniform(30, 60), "meal"),
        Stay(supper, supper + chance.uniform(30, 55), "meal"),
    ]
    if chance.random() < 0.7:
        plan.append(Stay(lunch + 75, lunch + 75 + chance.uniform(30, 90), "nap"))
    for earliest, latest in ((wake + 60, lunch - 20), (lunch + 170, supper - 20)):
        if chance.random() < own.goes_out and latest - earliest > 90:
            begin = chance.uniform(earliest, latest - 70)
            plan.append(Stay(begin, min(begin + chance.uniform(20, 170), latest), "out"))
    if chance.random() < own.company:
        begin = chance.choice([chance.uniform(wake + 90, lunch - 60), chance.uniform(lunch + 100, supper - 60)])
        plan.append(Stay(begin, begin + chance.uniform(15, 50), "visit"))
    for earliest, latest in ((wake + 50, lunch - 10), (lunch + 65, supper - 10), (supper + 60, bed - 5)):
        if chance.random() < own.sits and latest - earliest > 60:
            begin = chance.uniform(earliest, latest - 40)
            plan.append(Stay(begin, min(begin + chance.uniform(40, 190), latest), "seat"))
    plan += _trips(chance, own.toilet, wake + 60, bed - 20)
    plan += _trips(chance, own.night_toilet * 0.6, 20, wake - 30)
    plan += _trips(chance, own.night_toilet * 0.4, bed + 60, MINUTES - 15)
    return _fill(plan, wake, bed)


def _trips(chance: random.Random, mean: float, begin: float, end: float) -> list[Stay]:
    if end <= begin:
        return []
    count = int(mean) + (chance.random() < mean % 1)
    return [Stay(at, at + chance.uniform(3, 9), "toilet") for at in (chance.uniform(begin, end) for _ in range(count))]


def _fill(plan: list[Stay], wake: float, bed: float) -> list[Stay]:
    """Sort, drop what overlaps an earlier stay, and put sleep and rest into the gaps."""
    stays: list[Stay] = []
    at = 0.0
    for stay in sorted(plan):
        if stay.begin < at or stay.end > MINUTES:
            continue
        stays += _gap(at, stay.begin, wake, bed)
        stays.append(stay)
        at = stay.end
    return stays + _gap(at, MINUTES, wake, bed)


def _gap(begin: float, end: float, wake: float, bed: float) -> list[Stay]:
    """What fills the time between two stays: asleep before waking and after going to bed, else resting."""
    edges = [begin, *(edge for edge in (wake, bed) if begin < edge < end), end]
    return [Stay(a, b, "asleep" if b <= wake or a >= bed else "rest") for a, b in pairwise(edges) if b > a]
