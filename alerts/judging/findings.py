"""What a rule found: columnar, so that a hundred thousand homes cost no Python loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.model import Severity

Evidence = dict[str, Any]


class Measured(NamedTuple):
    """The newest and the worst of some values of one metric, on the side of its limit where the danger lies."""

    last: float
    peak: float


def measured(shown: Evidence, all_of_it: Iterable[Evidence]) -> Measured | None:
    """What `shown` measures over all findings, oldest first; None where it names no limit: nothing is measured."""
    if "limit" not in shown or "value" not in shown:
        return None
    values = [one["value"] for one in all_of_it if one.get("metric") == shown.get("metric") and "value" in one]
    worst = max if shown["value"] >= shown["limit"] else min
    return Measured(values[-1], worst(values))


def no_evidence(_: int) -> Evidence:
    """Nothing to show."""
    return {}


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """k findings of one rule in one call."""

    home: NDArray[np.int32]  # home row
    device: NDArray[np.int32]  # device row, -1 where no single device showed it
    at: NDArray[np.int64]  # µs: when it happened
    score: NDArray[np.float64]
    severity: Severity | Sequence[Severity]  # one for all, or one each
    late: NDArray[np.bool_]
    evidence: Callable[[int], Evidence]  # by position; asked only for findings that become or raise an alert
    clear: NDArray[np.bool_] | None = None  # [home]: the condition is over there; None: this rule never says so
    value: NDArray[np.float64] | None = None  # what is measured now, where a tick follows it
    tested: NDArray[np.bool_] | None = None  # beside a test flag of the same device; None: nobody has looked

    def __len__(self) -> int:
        return len(self.home)

    @classmethod
    def of(
        cls,
        home: NDArray[np.int32],
        at: NDArray[np.int64],
        *,
        severity: Severity | Sequence[Severity],
        evidence: Callable[[int], Evidence] = no_evidence,
        device: NDArray[np.int32] | None = None,
        score: ArrayLike = 1.0,
        late: ArrayLike = False,
        clear: NDArray[np.bool_] | None = None,
        value: NDArray[np.float64] | None = None,
    ) -> Self:
        """Findings with what is usual filled in: score 1, not late, no device."""
        length = len(home)
        return cls(
            home=home.astype(np.int32),
            device=np.full(length, -1, np.int32) if device is None else device.astype(np.int32),
            at=at.astype(np.int64),
            score=np.broadcast_to(np.asarray(score, np.float64), (length,)),
            severity=severity,
            late=np.broadcast_to(np.asarray(late, bool), (length,)),
            evidence=evidence,
            clear=clear,
            value=value,
        )

    @classmethod
    def none(cls, clear: NDArray[np.bool_] | None = None) -> Self:
        """No finding; still may say where the condition is over."""
        return cls.of(np.zeros(0, np.int32), np.zeros(0, np.int64), severity=Severity.CONCERN, clear=clear)

    def where(self, chosen: NDArray[np.bool_]) -> Self:
        """Those that a mask chooses; `clear` is of homes and stays."""
        at = np.flatnonzero(chosen)

        def show(position: int) -> Evidence:
            return self.evidence(int(at[position]))

        severity = self.severity if isinstance(self.severity, Severity) else [self.severity[int(one)] for one in at]
        return replace(
            self, evidence=show, severity=severity, home=self.home[at], device=self.device[at], at=self.at[at],
            score=self.score[at], late=self.late[at], value=None if self.value is None else self.value[at],
            tested=None if self.tested is None else self.tested[at],
        )  # fmt: skip

    def beside(self, other: Self) -> Self:
        """These and those of `other`, of the same rule in the same call: `clear` and `value` are this one's."""
        if not len(other):
            return self
        mine = len(self)

        def show(position: int) -> Evidence:
            return self.evidence(position) if position < mine else other.evidence(position - mine)

        return replace(
            self, evidence=show,
            severity=[*map(self.severity_of, range(mine)), *map(other.severity_of, range(len(other)))],
            home=np.concatenate([self.home, other.home]), device=np.concatenate([self.device, other.device]),
            at=np.concatenate([self.at, other.at]), score=np.concatenate([self.score, other.score]),
            late=np.concatenate([self.late, other.late]),
        )  # fmt: skip

    def severity_of(self, position: int) -> Severity:
        """The severity of one finding."""
        return self.severity if isinstance(self.severity, Severity) else self.severity[position]
