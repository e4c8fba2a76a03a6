"""How long alerts took, as counts per bucket: small enough to travel with every heartbeat."""

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

BOUNDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0)  # seconds, each included in its bucket


@dataclass(slots=True)
class Latency:
    """Since the engine began to lead."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0  # seconds

    def add(self, seconds: float, alerts: int) -> None:
        """Count `alerts` that took `seconds` from receipt to being written."""
        self.counts[bisect_left(BOUNDS, seconds)] += alerts
        self.total += seconds * alerts

    def detail(self) -> dict[str, Any]:
        """For the heartbeat."""
        return {"bounds": BOUNDS, "counts": self.counts, "sum": round(self.total, 3)}
