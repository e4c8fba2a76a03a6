"""What stands open per rule and home, and what a finding means for it. Pure: no SQL, no clock.

A docket is a cache of the table `alert`; whatever it decides is written in the transaction of the same step, and if
that fails every docket is read anew.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

import numpy as np

from alerts.judging.entries import Raise, Standing, Transition
from alerts.judging.findings import Evidence, Findings, measured
from alerts.judging.told import Told
from alerts.lifecycle.backoff import MOST, Backoff, climbed, only_shown, pause
from alerts.lifecycle.states import Due, EventKind, Found, OpenAlert, Outcome, Over, outcome, worse
from core.arrays import F8, I1, I8, Bool
from core.clock import micros
from core.model import Severity

log = logging.getLogger(__name__)

RANK = {severity: severity.rank for severity in Severity}
BY_RANK = list(Severity)
UNANSWERED = np.iinfo(np.int8).max  # the rank of what nobody has answered: anything is worse
AT_ONCE = 2_000  # new alerts of one rule in one tick: an emergency must not wait behind a longer transaction


@dataclass(slots=True, eq=False)
class Docket:
    """One rule's alerts over all homes."""

    rule: str
    clear_after: int | None  # µs the condition must stay clear (hysteresis); None: a mere event, which a person closes
    backoff: Backoff | None
    recovers: bool  # an alert ends with its condition, whoever has answered it
    active: Bool  # the condition holds, as far as is known
    alert: I8  # id of the unresolved alert, 0 none
    over: Bool  # that alert's condition is over
    quiet: Bool  # that alert is shown and not aloud
    rank: I1  # that alert's severity
    quiet_until: I8  # µs: resolved and still holding, not raised again before; or quiet until then
    clear_since: I8  # µs since when the clear condition holds, 0 it does not
    since: I8  # µs since when the episode lasts, 0 there is none
    last: I8  # id of its newest answered alert, 0 none
    steps: I1  # of the ladder, climbed by its answers
    answered: I1  # the worst rank answered in it
    value: F8  # what was measured last, NaN not known
    told: Told = field(default_factory=Told)  # the devices answered for in it
    moved: dict[int, float] = field(default_factory=dict)  # by alert: what the last tick measured anew
    heard: dict[int, set[int]] = field(default_factory=dict)  # by home: the devices that its alert has been found by

    @classmethod
    def empty(
        cls, rule: str, clear_after: timedelta | None, homes: int, backoff: Backoff | None = None, *,
        recovers: bool = False,
    ) -> Self:  # fmt: skip
        """Nothing stands open."""
        flags, instants, ranks = (
            np.zeros((3, homes), bool),
            np.zeros((5, homes), np.int64),
            np.zeros((2, homes), np.int8),
        )
        return cls(
            rule, None if clear_after is None else micros(clear_after), backoff, recovers,
            active=flags[0], over=flags[1], quiet=flags[2], rank=ranks[0], steps=ranks[1],
            answered=np.full(homes, UNANSWERED, np.int8), alert=instants[0], quiet_until=instants[1],
            clear_since=instants[2], since=instants[3], last=instants[4],
            value=np.full(homes, np.nan),
        )  # fmt: skip

    # -- what the database says

    def opened(self, standing: Standing) -> None:
        """An unresolved alert stands in the database; perhaps somebody took back that it was resolved."""
        home = standing.home
        self.told.drop(standing.alert_id)
        self.heard.setdefault(home, set()).add(standing.device)
        self.alert[home] = standing.alert_id
        self.rank[home] = RANK[standing.severity]
        self.over[home] = standing.cleared
        self.active[home] = not standing.cleared
        self.quiet[home] = standing.quiet_until is not None
        self.quiet_until[home] = standing.quiet_until or 0
        self._take_up(standing, standing.steps, standing.answered)

    def resolved(self, standing: Standing) -> None:
        """An alert was resolved; if its condition still holds, it is quiet for a while."""
        home = standing.home
        if self.alert[home] not in (0, standing.alert_id):
            return  # a newer one has been opened since
        self.alert[home] = 0
        self.over[home] = self.quiet[home] = False
        self.active[home] = not standing.cleared
        steps = min(standing.steps + climbed(standing.disposition), MOST)
        self._take_up(standing, steps, worse(standing.answered or standing.severity, standing.severity))
        if self.steps[home]:
            self.last[home] = standing.alert_id
            self.told.add(home, standing.device, standing.alert_id)
            wait = pause(self.backoff, standing.severity, standing.disposition, steps)
            self.quiet_until[home] = (standing.resolved_at or 0) + micros(wait)

    # -- what the rules say

    def observed(self, findings: Findings, now: int) -> Iterator[Raise]:
        """Findings in what arrived: each adds to the count. A lasting condition that was answered is held off."""
        if not len(findings):
            return
        ranks = _ranks(findings)
        settled = self._settled(findings, ranks, now)
        for mine in _by_home(findings, np.arange(len(findings))):
            if self.clear_after is not None and settled[mine].all():
                home = int(findings.home[mine[0]])
                log.debug("%s home row %d: held off, it was answered and has not been over since", self.rule, home)
                continue
            yield self._raise(findings, mine, ranks, now, again=True)

    def ticked(self, findings: Findings, now: int) -> Iterator[Raise]:
        """Every home where the condition holds now: only what is new or worse is raised."""
        self.moved = self._moved(findings)
        if not len(findings):
            return
        ranks, home = _ranks(findings), findings.home
        goes_on = self.active[home] & (self.alert[home] > 0) & ~self.quiet[home] & (self.rank[home] <= ranks)
        fresh = np.flatnonzero(~goes_on & ~self._settled(findings, ranks, now))
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
        tracked = np.flatnonzero(self.active)
        clear = findings.clear[tracked] & ~np.isin(tracked, findings.home)
        since = self.clear_since[tracked]
        self.clear_since[tracked] = np.where(clear, np.where(since > 0, since, now), 0)

    def ripe(self, now: int) -> Iterator[Transition]:
        """Homes where the condition has been over for long enough, and those quiet for too long."""
        if self.clear_after is None:
            return
        for home in np.flatnonzero(self.over & ~self.active & (self.alert > 0))[:AT_ONCE] if self.recovers else ():
            yield from self._end(int(home))  # its end was taken back, or an older version left it open
        tracked = np.flatnonzero(self.active)
        since = self.clear_since[tracked]
        for home in tracked[(since > 0) & (now - since >= self.clear_after)][:AT_ONCE]:
            yield from self._end(int(home))
        for home in tracked[self.quiet[tracked] & (self.quiet_until[tracked] <= now)][:AT_ONCE]:
            yield self._change(int(home), outcome(self._open(home), Due()))
            self.quiet[home] = False

    def written(self, raised: Raise, alert_id: int, *, new: bool = True) -> None:
        """The database has it under this id. What it was added to is aloud."""
        known = self.alert[raised.home] == alert_id
        rank = RANK[raised.severity]
        self.rank[raised.home] = min(self.rank[raised.home], rank) if known else rank
        self.alert[raised.home] = alert_id
        self.over[raised.home] = False
        self.quiet[raised.home] = new and raised.quiet_until is not None
        self.quiet_until[raised.home] = raised.quiet_until or 0

    def _settled(self, findings: Findings, ranks: I1, now: int) -> Bool:
        """Which findings were answered and are no worse: held off for a while, or of an alert that is only shown."""
        home = findings.home
        held = self.active[home] & (self.alert[home] == 0) & (self.quiet_until[home] > now)
        known = np.where(self.quiet[home], np.minimum(self.rank[home], self.answered[home]), self.answered[home])
        settled: Bool = (held | self.quiet[home]) & (known <= ranks)
        settled[settled] = self.told.knows(findings.device[settled])
        return settled

    def _moved(self, findings: Findings) -> dict[int, float]:
        """By alert, what is measured now where that is another value than before."""
        if findings.value is None:
            return {}
        home, value = findings.home, findings.value
        moved = (self.alert[home] > 0) & (self.value[home] != value)
        self.value[home] = value
        return dict(zip(self.alert[home[moved]].tolist(), value[moved].tolist(), strict=True))

    def _raise(self, findings: Findings, mine: I8, ranks: I1, now: int, *, again: bool) -> Raise:
        tested = np.zeros(len(mine), bool) if findings.tested is None else findings.tested[mine]
        worst = int(mine[np.lexsort((findings.at[mine], tested, ranks[mine]))[0]])  # what is no test is shown first
        home, at = int(findings.home[worst]), int(findings.at[mine].min())
        back = self.clear_since[home] > 0  # it had stopped, though not for long enough to be over
        self.active[home] = True
        self.clear_since[home] = 0
        self.since[home] = self.since[home] or at
        other = not self.told.knows(findings.device[mine]).all()
        if other or ranks[worst] < self.answered[home]:
            self.steps[home] = 0  # not what was answered: a ladder of its own
        severity, times, quiet_until = BY_RANK[int(ranks[worst])], len(mine), None
        devices = set(findings.device[mine].tolist())
        if self.alert[home]:
            known = devices <= self.heard.get(home, set())
            goes_on = again and self.clear_after is not None and known and not back
            done = outcome(self._open(home), Found(severity, times, again, other, goes_on))
            events, reason, calls = done.events, done.reason, done.asks
        else:
            self.heard[home] = set()
            # Recorded so only if somebody else opened it meanwhile.
            events, reason, calls = (EventKind.RAISED,), "new", True
            if self.backoff and only_shown(self.backoff, severity, int(self.steps[home])):
                reason, calls = "goes on, and was answered", False
                quiet_until = now + micros(self.backoff.longest)
        self.heard.setdefault(home, set()).update(devices)
        shown = _evidence(self.rule, findings, worst)
        return Raise(
            self.rule, home, int(findings.device[worst]), severity, at,
            int(findings.at[mine].max()), float(findings.score[mine].max()), bool(findings.late[mine].all()), times,
            shown, events, reason, int(self.since[home]), int(self.steps[home]),
            None if self.answered[home] == UNANSWERED else BY_RANK[self.answered[home]], quiet_until, calls,
            measured(shown, (_evidence(self.rule, findings, int(one)) for one in mine[np.argsort(findings.at[mine])])),
        )  # fmt: skip

    def _end(self, home: int) -> Iterator[Transition]:
        """The condition is over, and with it the episode; also on record where it was answered before."""
        self.active[home] = False
        self.clear_since[home] = 0
        ends = self.recovers and BY_RANK[self.rank[home]] is not Severity.EMERGENCY
        if self.alert[home] and (ends or not self.over[home]):
            done = outcome(self._open(home), Over(ends))
            yield self._change(home, done)
            if EventKind.RESOLVED in done.events:
                self.alert[home] = 0
            self.over[home] = self.alert[home] > 0
            self.quiet[home] = False
        elif self.last[home]:
            yield Transition(self.rule, home, int(self.last[home]), (EventKind.CLEARED,), "over, after it was answered")
        self._forget(home)

    def _change(self, home: int, done: Outcome) -> Transition:
        return Transition(self.rule, home, int(self.alert[home]), done.events, done.reason)

    def _open(self, home: int) -> OpenAlert:
        quiet, rank = bool(self.quiet[home]), self.rank[home]
        severity = BY_RANK[min(rank, self.answered[home]) if quiet else rank]  # of what was answered and is shown
        return OpenAlert(severity, bool(self.over[home]), quiet)

    def _take_up(self, standing: Standing, steps: int, answered: Severity | None) -> None:
        """The episode as its newest alert has it; a mere event is none."""
        home, lasts = standing.home, self.clear_after is not None and not standing.cleared
        if not lasts or standing.since != self.since[home]:
            self._forget(home)
        if lasts:
            self.since[home], self.last[home], self.steps[home] = standing.since, 0, steps
            self.answered[home] = UNANSWERED if answered is None else RANK[answered]

    def _forget(self, home: int) -> None:
        self.since[home] = self.last[home] = self.steps[home] = 0
        self.answered[home] = UNANSWERED
        self.told.forget(home)


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
