"""What Prometheus may know: counts and times, nothing personal."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

INGEST_COUNTS = ("received", "stored", "duplicate", "refused", "queued")
BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


@dataclass(frozen=True, slots=True)
class Figures:
    """What the database says at the time of a scrape."""

    alerts: dict[tuple[str, str], int]  # (severity, state), not resolved
    heartbeat_seconds: dict[str, float]  # age by process
    ingest: dict[str, dict[str, float]]  # counters by worker
    unjudged: int  # batches
    unjudged_seconds: float  # age of the oldest


class Meter:
    """The metrics of one API process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route")
        self.requests = Counter(
            "shouwang_http_requests", "HTTP requests answered", (*labels, "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "shouwang_http_seconds", "from the request to the answer's first byte", labels, buckets=BUCKETS,
            registry=self.registry,
        )  # fmt: skip
        self.sse_clients = Gauge("shouwang_sse_clients", "open live connections", registry=self.registry)
        self.sse_events = Counter("shouwang_sse_events", "alert events fanned out", registry=self.registry)
        self.sse_dropped = Counter(
            "shouwang_sse_slow_clients", "live connections closed because the client was too slow",
            registry=self.registry,
        )  # fmt: skip

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self.requests.labels(method, route, status).inc()
        self.seconds.labels(method, route).observe(seconds)

    def text(self, read: Callable[[], Figures | None]) -> bytes:
        """The page for Prometheus. `read` gives None when the database can't be reached."""
        own = CollectorRegistry()
        own.register(_FromDatabase(read()))
        return generate_latest(self.registry) + generate_latest(own)


class _FromDatabase:
    def __init__(self, figures: Figures | None) -> None:
        self.figures = figures

    def collect(self) -> Iterator[Metric]:
        """Every metric that comes from the database; only `up` 0 when it is away."""
        yield _gauge("database_up", "1 if the database answers", (), [((), float(self.figures is not None))])
        if self.figures is None:
            return
        counted = [((severity, state), float(count)) for (severity, state), count in self.figures.alerts.items()]
        yield _gauge("alerts_active", "alerts not resolved", ("severity", "state"), counted)
        ages = [((process,), age) for process, age in self.figures.heartbeat_seconds.items()]
        yield _gauge("heartbeat_age_seconds", "since a program's last sign of life", ("process",), ages)
        yield _gauge("unjudged_batches", "batches that wait for the engine", (), [((), float(self.figures.unjudged))])
        oldest = self.figures.unjudged_seconds
        yield _gauge("unjudged_age_seconds", "age of the oldest of them", (), [((), oldest)])
        for name in INGEST_COUNTS:
            values = [((worker,), counts[name]) for worker, counts in self.figures.ingest.items() if name in counts]
            yield _gauge(f"ingest_{name}", f"messages {name} since the worker's start", ("worker",), values)


def _gauge(name: str, about: str, labels: Iterable[str], values: Sequence[tuple[tuple[str, ...], float]]) -> Metric:
    family = GaugeMetricFamily(f"shouwang_{name}", about, labels=list(labels))
    for label_values, value in values:
        family.add_metric(list(label_values), value)
    return family
