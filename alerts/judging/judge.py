"""All rules over one fleet: what arrives is observed, what fails to arrive is found by ticks. No SQL, no clock."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Protocol, Self

from alerts.judging import trial
from alerts.judging.docket import Docket
from alerts.judging.entries import Raise, Standing, Transition
from alerts.judging.findings import Findings
from alerts.judging.fleet import Batch, Fleet
from alerts.lifecycle.backoff import Backoff
from alerts.lifecycle.rows import AlertRow, Recorded
from core.clock import micros, to_us

log = logging.getLogger(__name__)

FAILED_FOR = timedelta(minutes=10)  # how long after its last failure a rule is reported


class Rule(Protocol):
    """What the engine needs of a rule; alerts.rules.Rule has it."""

    @property
    def name(self) -> str: ...
    @property
    def metrics(self) -> tuple[str, ...]: ...
    @property
    def clear_after(self) -> timedelta | None: ...
    @property
    def backoff(self) -> Backoff | None: ...
    @property
    def recovers(self) -> bool: ...
    @property
    def history(self) -> timedelta: ...
    @property
    def params(self) -> Any: ...
    @property
    def observe(self) -> Callable[[Fleet, Batch, Any], Findings] | None: ...
    @property
    def tick(self) -> Callable[[Fleet, int, Any], Findings] | None: ...


@dataclass(slots=True, eq=False)
class Judge:
    """Rules, their fleet, and what stands open. It changes with every step and is thrown away when a commit fails."""

    fleet: Fleet
    rules: Mapping[str, Rule]
    dockets: dict[str, Docket]
    failed: dict[str, int] = field(default_factory=dict)  # rule → µs of its last failure

    @classmethod
    def new(cls, fleet: Fleet, rules: Mapping[str, Rule]) -> Self:
        """Nothing stands open."""
        homes = len(fleet.home_ids)
        dockets = {
            name: Docket.empty(name, rule.clear_after, homes, rule.backoff, recovers=rule.recovers)
            for name, rule in rules.items()
        }
        return cls(fleet, rules, dockets)

    def recall(self, rows: Iterable[AlertRow]) -> None:
        """Take up alerts as the database has them. Alerts of other homes or of rules that are gone are left alone."""
        rows = list(rows)
        homes = self.fleet.rows_of_homes([row.home_id for row in rows])
        devices = self.fleet.rows_of_devices([row.device_id or 0 for row in rows])
        for row, home, device in zip(rows, homes, devices, strict=True):
            docket = self.dockets.get(row.rule)
            if docket is None or home < 0:
                continue
            standing = _standing(row, int(home), int(device))
            docket.opened(standing) if standing.resolved_at is None else docket.resolved(standing)

    def observe(self, batch: Batch) -> list[Raise]:
        """What the rules find in a batch that the fleet has taken up."""
        found: list[Raise] = []
        for rule in self.rules.values():
            mine = batch.of(*rule.metrics)
            if rule.observe is not None and len(mine):
                docket = self.dockets[rule.name]
                found += self._guarded(rule, batch.now, partial(self._observed, rule, mine, docket))
        return found

    def tick(self, now: int) -> tuple[list[Raise], list[Transition]]:
        """What holds now that did not, and what is over or due."""
        found: list[Raise] = []
        over: list[Transition] = []
        for rule in self.rules.values():
            docket = self.dockets[rule.name]
            if rule.tick is not None:
                found += self._guarded(rule, now, partial(self._ticked, rule, now, docket))
            over += docket.ripe(now)
        return found, over

    def replay(self, batch: Batch, reach: Mapping[str, int]) -> None:
        """Let rules rebuild their memory from stored readings; `reach` is the µs from which each wants them."""
        for name, since in reach.items():
            rule = self.rules[name]
            mine = batch.of(*rule.metrics)
            mine = mine.where(mine.ts >= since)
            if rule.observe is not None and len(mine):
                self._guarded(rule, batch.now, partial(_discard, rule, mine, self.fleet))

    def written(self, raises: Iterable[Raise], opened: Iterable[Recorded]) -> list[tuple[Raise, Recorded]]:
        """Take up the ids that the database gave to what was raised; returns what became of each."""
        by_key = {(one.rule, one.home_id): one for one in opened}
        pairs = [(one, by_key[one.rule, int(self.fleet.home_ids[one.home])]) for one in raises]
        for one, found in pairs:
            self.dockets[one.rule].written(one, found.alert_id, new=found.inserted)
        return pairs

    def moved(self) -> dict[int, float]:
        """By alert, what the last tick measured anew."""
        return {alert: value for docket in self.dockets.values() for alert, value in docket.moved.items()}

    def failed_rules(self, now: int) -> list[str]:
        """Rules that raised an exception lately."""
        return sorted(name for name, at in self.failed.items() if now - at < micros(FAILED_FOR))

    def _observed(self, rule: Rule, batch: Batch, docket: Docket) -> list[Raise]:
        assert rule.observe is not None
        findings = trial.show_tests(self.fleet, rule.observe(self.fleet, batch, rule.params))
        raises = list(docket.observed(findings, batch.now))
        docket.note_clear(findings, batch.now)
        return raises

    def _ticked(self, rule: Rule, now: int, docket: Docket) -> list[Raise]:
        assert rule.tick is not None
        findings = trial.show_tests(self.fleet, rule.tick(self.fleet, now, rule.params))
        raises = list(docket.ticked(findings, now))
        docket.note_clear(findings, now)
        return raises

    def _guarded(self, rule: Rule, now: int, judge: Callable[[], list[Raise]]) -> list[Raise]:
        """One rule's exception stops neither the others nor storage: it is logged, and operators see it."""
        try:
            return judge()
        except Exception:
            log.exception("rule %s failed and is left out of this step", rule.name)
            self.failed[rule.name] = now
            return []


def _standing(row: AlertRow, home: int, device: int) -> Standing:
    return Standing(
        row.alert_id, home, row.severity, row.cleared, device, to_us(row.resolved_at) if row.resolved_at else None,
        row.disposition, to_us(row.since), row.steps, row.answered,
        to_us(row.suppressed_until) if row.suppressed_until else None,
    )  # fmt: skip


def _discard(rule: Rule, batch: Batch, fleet: Fleet) -> list[Raise]:
    assert rule.observe is not None
    rule.observe(fleet, batch, rule.params)
    return []
