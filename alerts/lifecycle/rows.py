"""Alerts as the database tells the engine of them, which judges on from there. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Self

from core.model import Disposition, Severity, State


class Recorded(NamedTuple):
    """What became of a finding in the database."""

    alert_id: int
    home_id: int
    rule: str
    inserted: bool  # a new alert; else it was added to the one that stands open


class AlertRow(NamedTuple):
    """An alert as the engine needs it."""

    alert_id: int
    home_id: int
    device_id: int | None
    rule: str
    severity: Severity
    state: State
    cleared: bool
    resolved_at: datetime | None
    disposition: Disposition | None
    since: datetime  # when its episode began
    steps: int
    answered: Severity | None
    suppressed_until: datetime | None

    @classmethod
    def of(cls, row: Sequence[Any]) -> Self:
        """From a row of the view `alert_episode`."""
        found = cls(*row)
        return found._replace(
            severity=Severity(found.severity),
            disposition=Disposition(found.disposition) if found.disposition else None,
            answered=Severity(found.answered) if found.answered else None,
        )
