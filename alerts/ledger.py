"""What stands open per rule and home, and what a finding means for it. Pure: no SQL, no clock.

A docket is a cache of the table `alert`; whatever it decides is written in the transaction of the same step, and if
that fails every docket is read anew.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

import numpy as np

from alerts.arrays import I1, I8, Bool, micros, to_datetime
from alerts.findings import Evidence, Findings
from alerts.lifecycle import Alert, Found, Kind, Over, Step, step
from core.model import Disposition, Severity

log = logging.getLogger(__name__)

RANK = {severity: severity.rank for severity in Severity}
BY_RANK = list(Severity)
HOLD_OFF = timedelta(minutes=30)  # resolved, and it still holds: raised again after this, so that nobody forgets it
LONG_HOLD_OFF = timedelta(days=1)  # where the answer takes until the next day: a fault, a battery
AT_ONCE = 2_000  # new alerts of one rule in one tick: an emergency must not wait behind a longer transaction


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
    events: tuple[Kind, ...]  # what an alert that stands open records; a new one records `opened`
    reason: str


@dataclass(frozen=True, slots=True)
class Close:
    """The condition is over: note it, and resolve the alert where nobody's answer is needed."""

    rule: str
    home: int
    alert_id: int
    events: tuple[Kind, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """One alert as the database has it."""

    alert_id: int
    home: int  # home row
    severity: Severity
    cleared: bool
    resolved_at: int | None = None  # µs
    disposition: Disposition | None = None


@dataclass(slots=True, eq=False)
class Docket:
    """One rule's alerts over all homes."""

    rule: str
    clear_after: int  # µs the condition must stay clear
    active: Bool  # the condition holds, as far as is known
    alert: I8  # id of the unresolved alert, 0 none
    over: Bool  # that alert's condition is over
    rank: I1  # that alert's severity
    quiet_until: I8  # µs: resolved and still holding; not raised again before
    clear_since: I8  # µs since when the clear condition holds, 0 it does not
    lasting: bool = False  # the rule tells where its condition is over: it lasts until then; else it is a mere event

    @classmethod
    def empty(cls, rule: str, clear_after: timedelta, homes: int) -> Self:
        """Nothing stands open."""
        flags, instants = np.zeros((2, homes), bool), np.zeros((3, homes), np.int64)
        return cls(
            rule, micros(clear_after), flags[0], instants[0], flags[1], np.zeros(homes, np.int8), instants[1],
            instants[2],
        )  # fmt: skip

    # -- what the database says

    def opened(self, standing: Standing) -> None:
        """An unresolved alert stands in the database."""
        self.alert[standing.home] = standing.alert_id
        self.rank[standing.home] = RANK[standing.severity]
        self.over[standing.home] = standing.cleared
        self.active[standing.home] = not standing.cleared

    def resolved(self, standing: Standing) -> None:
        """An alert was resolved; if its condition still holds, it is quiet for a while."""
        if self.alert[standing.home] not in (0, standing.alert_id):
            return  # a newer one has been opened since
        self.alert[standing.home] = 0
        self.over[standing.home] = False
        self.active[standing.home] = not standing.cleared
        self.quiet_until[standing.home] = (standing.resolved_at or 0) + micros(_hold_off(standing))

    # -- what the rules say

    def observed(self, findings: Findings, now: int) -> Iterator[Raise]:
        """Findings in what arrived: each adds to the count. A lasting condition that was resolved is held off."""
        if not len(findings):
            return
        ranks = _ranks(findings)
        for mine in _by_home(findings, np.arange(len(findings))):
            home = int(findings.home[mine[0]])
            if self.lasting and self._held_off(home, now):
                log.debug("%s home row %d: held off, it was resolved and has not been over since", self.rule, home)
                continue
            yield self._raise(findings, mine, ranks, now, again=True)

    def ticked(self, findings: Findings, now: int) -> Iterator[Raise]:
        """Every home where the condition holds now: only what is new or worse is raised."""
        if not len(findings):
            return
        ranks, home = _ranks(findings), findings.home
        goes_on = self.active[home] & (self.alert[home] > 0) & (self.rank[home] <= ranks)
        held_off = self.active[home] & (self.alert[home] == 0) & (self.quiet_until[home] > now)
        fresh = np.flatnonzero(~goes_on & ~held_off)
        if len(fresh) > AT_ONCE:
            log.warning("%s: %d findings at once; the worst %d now, the rest next", self.rule, len(fresh), AT_ONCE)
            fresh = fresh[np.argsort(ranks[fresh], kind="stable")][:AT_ONCE]
        for mine in _by_home(findings, fresh):
            yield self._raise(findings, mine, ranks, now, again=False)

    def note_clear(self, findings: Findings, now: int) -> None:
        """Take up where the rule says the condition is over; a home with a finding is not."""
        if findings.clear is None:
            self.clear_since[findings.home] = 0
            return
        self.lasting = True
        tracked = np.flatnonzero(self.active)
        clear = findings.clear[tracked] & ~np.isin(tracked, findings.home)
        since = self.clear_since[tracked]
        self.clear_since[tracked] = np.where(clear, np.where(since > 0, since, now), 0)

    def ripe(self, now: int) -> Iterator[Close]:
        """Homes where the condition has been over for long enough."""
        tracked = np.flatnonzero(self.active)
        since = self.clear_since[tracked]
        for home in tracked[(since > 0) & (now - since >= self.clear_after)]:
            self.active[home] = False
            self.clear_since[home] = 0
            if self.alert[home] and not self.over[home]:
                self.over[home] = True
                done = self._step(home, Over(), now)
                yield Close(self.rule, int(home), int(self.alert[home]), done.events, done.reason)
                if Kind.RESOLVED in done.events:
                    self.alert[home] = 0
                    self.over[home] = False

    def written(self, raised: Raise, alert_id: int) -> None:
        """The database has it under this id."""
        known = self.alert[raised.home] == alert_id
        rank = RANK[raised.severity]
        self.rank[raised.home] = min(self.rank[raised.home], rank) if known else rank
        self.alert[raised.home] = alert_id
        self.over[raised.home] = False

    def _held_off(self, home: int, now: int) -> bool:
        return bool(self.active[home] and not self.alert[home] and self.quiet_until[home] > now)

    def _raise(self, findings: Findings, mine: I8, ranks: I1, now: int, *, again: bool) -> Raise:
        worst = int(mine[np.lexsort((findings.at[mine], ranks[mine]))[0]])
        home = int(findings.home[worst])
        self.active[home] = True
        self.clear_since[home] = 0
        severity, times = BY_RANK[int(ranks[worst])], len(mine)
        if self.alert[home]:
            done = self._step(home, Found(severity, times, again), now)
            events, reason = done.events, done.reason
        else:
            events, reason = (Kind.RAISED,), "new"  # recorded so only if somebody else opened it meanwhile
        return Raise(
            self.rule, home, int(findings.device[worst]), severity, int(findings.at[mine].min()),
            int(findings.at[mine].max()), float(findings.score[mine].max()), bool(findings.late[mine].all()), times,
            _evidence(self.rule, findings, worst), events, reason,
        )  # fmt: skip

    def _step(self, home: int, verdict: Found | Over, now: int) -> Step:
        # `over` is set before an Over is asked about: the alert as it stood is the one not over yet.
        cleared = bool(self.over[home]) and isinstance(verdict, Found)
        moment = to_datetime(now)
        standing = Alert(BY_RANK[int(self.rank[home])], cleared_at=moment if cleared else None)
        return step(standing, verdict, moment)


def _hold_off(standing: Standing) -> timedelta:
    next_day = RANK[standing.severity] >= RANK[Severity.MAINTENANCE]
    return LONG_HOLD_OFF if next_day or standing.disposition is Disposition.DEVICE_FAULT else HOLD_OFF


def _by_home(findings: Findings, chosen: I8) -> Iterator[I8]:
    """The chosen positions, one array per home."""
    if not len(chosen):
        return
    order = chosen[np.argsort(findings.home[chosen], kind="stable")]
    yield from np.split(order, np.flatnonzero(np.diff(findings.home[order])) + 1)


def _ranks(findings: Findings) -> I1:
    if isinstance(findings.severity, Severity):
        return np.full(len(findings), RANK[findings.severity], np.int8)
    return np.array([RANK[severity] for severity in findings.severity], np.int8)


def _evidence(rule: str, findings: Findings, position: int) -> Evidence:
    try:
        return findings.evidence(position)
    except Exception:  # an alert without its evidence is better than no alert
        log.exception("%s: its evidence failed", rule)
        return {"text_zh": "详情不可用", "text_en": "details are not available"}
