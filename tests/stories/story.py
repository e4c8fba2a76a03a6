"""A home in simulated time, to tell stories of: what is said there, and when the rules speak up. No clock."""

from datetime import UTC, datetime

import numpy as np
import pytest

from alerts.judging.fleet import Fleet
from alerts.rules import discover
from core.catalogue import device_types, metrics
from core.packed import READING

MINUTE = 60_000_000
MORNING = int(datetime(2026, 3, 2, 1, 0, tzinfo=UTC).timestamp() * 1e6)  # 09:00 in Shanghai
NIGHT = int(datetime(2026, 3, 2, 16, 0, tzinfo=UTC).timestamp() * 1e6)  # midnight there
TYPES = tuple(code for code, kind in device_types().items() if kind.simulated)


class Story:
    """One home; `at(minute, type, …)` says something there.

    `raised` lists (minute, rule, severity) in order, `told` the evidence of each.
    """

    def __init__(self, begin=MORNING):
        self.begin = begin
        self.fleet = Fleet.build([1], [(number, 1, code) for number, code in enumerate(TYPES)], installed_at=begin)
        self.said = []
        self.raised = []
        self.told = []

    def at(self, minute, type_code, flags=0, **values):
        """The home's device of that type says each metric's value in that minute."""
        self.said += [(minute, TYPES.index(type_code), metrics()[m].id, flags, v) for m, v in values.items()]
        return self

    def every(self, minutes, begin, end, type_code, **values):
        """The same, so often, from minute `begin` to before `end`."""
        for minute in range(begin, end, minutes):
            self.at(minute, type_code, **values)
        return self

    def until(self, last):
        """Let all rules judge each minute from the first to `last`."""
        for minute in range(last + 1):
            now = self.begin + minute * MINUTE
            rows = [(now, *said[1:]) for said in self.said if said[0] == minute]
            batch = self.fleet.apply(np.array(rows, READING), now, now)
            for rule in discover().values():
                mine = batch.of(*rule.metrics)
                found = [rule.observe(self.fleet, mine, rule.over(self.fleet))] if rule.observe and len(mine) else []
                found += [rule.tick(self.fleet, now, rule.over(self.fleet))] if rule.tick else []
                for findings in found:
                    self.raised += [(minute, rule.name, findings.severity_of(k)) for k in range(len(findings))]
                    self.told += [findings.evidence(k) for k in range(len(findings))]
        return self

    def first(self, rule):
        """The minute in which the rule first spoke, None if it did not."""
        return next((minute for minute, name, _ in self.raised if name == rule), None)


def between(low, high):
    """Equal to every number from `low` to `high`."""
    return pytest.approx((low + high) / 2, abs=(high - low) / 2)
