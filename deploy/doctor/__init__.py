"""`shouwang doctor`: looks at a deployment as its programs will find it, and says what to mend."""

from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """How bad a finding is."""

    GOOD = "ok"
    ODD = "warn"  # works, and should be looked at
    BAD = "bad"  # emergencies may not arrive


class Finding(NamedTuple):
    """One thing that was looked at."""

    level: Level
    what: str
    mend: str = ""  # what to do about it; empty when it is good


def good(what: str) -> Finding:
    """All is well."""
    return Finding(Level.GOOD, what)


def odd(what: str, mend: str) -> Finding:
    """Works, and should be looked at."""
    return Finding(Level.ODD, what, mend)


def bad(what: str, mend: str) -> Finding:
    """Emergencies may not arrive."""
    return Finding(Level.BAD, what, mend)
