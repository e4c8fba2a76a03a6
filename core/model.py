"""The words every program shares: severities, states, dispositions, signs of life."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Severity(StrEnum):
    """How soon a person must react; ordered from the worst."""

    EMERGENCY = "emergency"  # within 60 seconds
    URGENT = "urgent"  # within 10 minutes
    ATTENTION = "attention"  # within 2 hours
    MAINTENANCE = "maintenance"  # the next day
    CONCERN = "concern"  # a visit is suggested: slow decline, not an alarm

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return list(Severity).index(self)


# Within what time somebody must have answered: 97.5 % of an alarm receiving centre's emergencies within 60 s.
ANSWER_WITHIN = MappingProxyType(
    {
        Severity.EMERGENCY: timedelta(seconds=60),
        Severity.URGENT: timedelta(minutes=10),
        Severity.ATTENTION: timedelta(hours=2),
    }
)


class State(StrEnum):
    """Where an alert stands."""

    OPEN = "open"  # nobody has answered
    ACKNOWLEDGED = "acknowledged"  # an operator has it
    DISPATCHED = "dispatched"  # somebody is on the way
    RESOLVED = "resolved"  # answered for, with a disposition


class Subject(StrEnum):
    """Whom an alert is about."""

    HOME = "home"
    AREA = "area"
    VENDOR = "vendor"
    SITE = "site"  # this installation itself


class Disposition(StrEnum):
    """What it turned out to be."""

    REAL = "real"
    FALSE_ALARM = "false_alarm"
    TEST = "test"
    DEVICE_FAULT = "device_fault"
    RECOVERED = "recovered"  # its condition ended, and nobody's answer was needed


class Note(StrEnum):
    """What a vendor should mend at a device whose readings are taken all the same."""

    QOS_0 = "qos_0"  # sent without acknowledgement: what is lost on the way is lost
    RETAINED = "retained"  # sent with the retain flag: the broker repeats it at every reconnection
    CLOCK_SECONDS = "clock_seconds"  # its time looks like epoch seconds where milliseconds are meant
    CLOCK_AHEAD = "clock_ahead"  # its clock is ahead by more than is believed
    CLOCK_BEHIND = "clock_behind"  # its clock is behind by more than is believed
    THINNED = "thinned"  # it sent more than its vendor's quota allows: only a part of it was stored


@dataclass(frozen=True, slots=True)
class Beat:
    """A program's last sign of life."""

    process: str  # ingest/1, engine/0, canary
    at: datetime
    detail: dict[str, Any] = field(default_factory=dict)
