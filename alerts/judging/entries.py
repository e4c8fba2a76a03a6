"""What a docket decides and what it is told: a raise, a change, and one alert as it stands. Pure."""

from dataclasses import dataclass

from alerts.judging.findings import Evidence, Measured
from alerts.lifecycle.states import EventKind
from core.model import Disposition, Severity


@dataclass(frozen=True, slots=True)
class Raise:
    """Open an alert, or add to the one that stands open."""

    rule: str
    home: int  # home row
    device: int  # device row, -1 none
    severity: Severity
    at: int  # µs: when it first happened
    last: int  # µs: when it last happened
    score: float
    late: bool
    times: int
    evidence: Evidence
    events: tuple[EventKind, ...]  # what an alert that stands open records; a new one records `opened` or `suppressed`
    reason: str
    since: int  # µs: when the episode began
    steps: int  # of the ladder, climbed by its answers
    answered: Severity | None  # the worst answered in it
    quiet_until: int | None  # µs: a new alert is shown and not aloud until then
    asks: bool  # for a person, also where the one that stands open was answered
    measured: Measured | None


@dataclass(frozen=True, slots=True)
class Transition:
    """The condition is over, or has gone on for so long that it is aloud again."""

    rule: str
    home: int
    alert_id: int
    events: tuple[EventKind, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """One alert as the database has it."""

    alert_id: int
    home: int  # home row
    severity: Severity
    cleared: bool
    device: int = -1  # device row
    resolved_at: int | None = None  # µs
    disposition: Disposition | None = None
    since: int = 0  # µs: when its episode began
    steps: int = 0  # of the ladder, climbed before it was raised
    answered: Severity | None = None
    quiet_until: int | None = None  # µs
