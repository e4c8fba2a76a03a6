"""How long an answer keeps a condition that goes on from being raised again, and when it is only shown. Pure.

An episode lasts from the first finding until the condition has been clear for its rule's CLEAR_AFTER. Each answer in it
is a step up its rule's ladder: the pause before the next alert grows, and at the top one alert is shown and not aloud.
"""

from dataclasses import dataclass
from datetime import timedelta

from alerts.lifecycle.states import UNDO_WITHIN
from core.model import Disposition, Severity

GOES_ON = "goes_on"  # why the alert at the top of the ladder is not aloud, as `alert.suppressed_by` has it
HOLD_OFF = timedelta(minutes=30)  # resolved, and it still holds: raised again after this, so that nobody forgets it
LONG_HOLD_OFF = timedelta(days=1)  # where the answer takes until the next day: a fault, a battery
LONGEST = timedelta(days=7)  # nothing that holds is kept from being aloud for longer
REACH = 2 * LONGEST  # how far back a start looks for answers
MOST = 100  # steps that are counted


@dataclass(frozen=True, slots=True)
class Backoff:
    """A rule's ladder. A rule without one is raised again after the same pause for as long as it holds."""

    factor: int = 4  # by how much each answer lengthens the pause
    repeats: int = 3  # how often it is raised again before it is only shown
    longest: timedelta = LONGEST  # the longest pause, and how long it is only shown before it is aloud again


def climbed(disposition: Disposition | None) -> int:
    """How far an answer climbs: what was no danger need not be asked about as often."""
    return 2 if disposition is Disposition.FALSE_ALARM else 1


def only_shown(backoff: Backoff | None, severity: Severity, steps: int) -> bool:
    """Whether it has been answered so often that it is shown and not aloud. An emergency never is."""
    return backoff is not None and severity is not Severity.EMERGENCY and steps > backoff.repeats


def pause(backoff: Backoff | None, severity: Severity, disposition: Disposition | None, steps: int) -> timedelta:
    """How long what was answered and still holds waits before it is raised again; `steps` with this answer's own."""
    if severity is Severity.EMERGENCY:
        return HOLD_OFF
    if only_shown(backoff, severity, steps):
        return UNDO_WITHIN  # what is shown in its place would keep the answer from being taken back
    fault = disposition is Disposition.DEVICE_FAULT and backoff is not None
    next_day = fault or severity.rank >= Severity.MAINTENANCE.rank
    first = LONG_HOLD_OFF if next_day else HOLD_OFF
    if backoff is None:
        return first
    times: int = min(backoff.factor ** max(steps - 1, 0), backoff.longest // first + 1)  # a timedelta holds no more
    return min(first * times, backoff.longest)
