"""What Prometheus may know: counts and times, nothing personal."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from alerts.selfcheck.links import Link
from core.model import Beat
from core.nightly import Night

INGEST_COUNTS = {
    "received": "messages taken from the broker and settled",
    "stored": "readings written",
    "duplicate": "readings that were there already",
    "retried": "transactions that had to be tried again",
}
ENGINE_GAUGES = {
    "lag_seconds": "age of the oldest batch not judged, as the engine sees it",
    "homes": "homes the engine judges",
}
Values = Sequence[tuple[tuple[str, ...], float]]
BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)


@dataclass(frozen=True, slots=True)
class Figures:
    """What the database says at the time of a scrape."""

    alerts: dict[tuple[str, str], int]  # (severity, state), not resolved
    beats: Sequence[Beat]
    unjudged: int  # batches
    unjudged_seconds: float  # age of the oldest
    now: datetime


class Meter:
    """The metrics of one API process."""

    def __init__(self, night: Night | None = None) -> None:
        """`night`: the process's own, which no heartbeat tells of."""
        self.night = night
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
        failed = self.night.failed if self.night else []
        own.register(_FromDatabase(read(), [(("api", job), 1.0) for job in failed]))
        return generate_latest(self.registry) + generate_latest(own)


class _FromDatabase:
    def __init__(self, figures: Figures | None, failed: Values) -> None:
        self.figures, self.failed = figures, failed

    def collect(self) -> Iterator[Metric]:
        """Every metric that comes from the database; only `up` 0 when it is away."""
        yield _gauge("database_up", "1 if the database answers", (), [((), float(self.figures is not None))])
        if self.figures is None:
            return
        counted = [((severity, state), float(count)) for (severity, state), count in self.figures.alerts.items()]
        yield _gauge("alerts_active", "alerts not resolved", ("severity", "state"), counted)
        ages = [((beat.process,), (self.figures.now - beat.at).total_seconds()) for beat in self.figures.beats]
        yield _gauge("heartbeat_age_seconds", "since a program's last sign of life", ("process",), ages)
        failed = [((one.process, job), 1.0) for one in self.figures.beats for job in one.detail.get("failed_jobs", [])]
        about = "1 for a room's job of the night that failed when it last ran"
        yield _gauge("nightly_job_failed", about, ("process", "job"), [*failed, *self.failed])
        yield _gauge("unjudged_batches", "batches that wait for the engine", (), [((), float(self.figures.unjudged))])
        oldest = self.figures.unjudged_seconds
        yield _gauge("unjudged_age_seconds", "age of the oldest of them", (), [((), oldest)])
        beats = [(*beat.process.partition("/")[::2], beat.detail) for beat in self.figures.beats]
        yield from _ingest([(name, detail) for kind, name, detail in beats if kind == "ingest"])
        yield from _engine([(name, detail) for kind, name, detail in beats if kind == "engine"])
        yield from _canary([detail for kind, _, detail in beats if kind == "canary"])


Details = Sequence[tuple[str, dict[str, Any]]]  # a program's number or name, and what it said last


def _ingest(workers: Details) -> Iterator[Metric]:
    for name, about in INGEST_COUNTS.items():
        values = [((worker,), float(detail.get(name, 0))) for worker, detail in workers]
        yield _counter(f"ingest_{name}", about, ("worker",), values)
    refused = [
        ((worker, name.removeprefix("refused_")), float(count))
        for worker, detail in workers
        for name, count in detail.items()
        if name.startswith("refused_")
    ]
    yield _counter("ingest_refused", "messages refused, by reason", ("worker", "reason"), refused)
    queued = [((worker,), float(detail.get("queued", 0))) for worker, detail in workers]
    yield _gauge("ingest_queued", "messages in a worker's hands, not committed yet", ("worker",), queued)
    connected = [((worker,), float(bool(detail.get("connected")))) for worker, detail in workers]
    yield _gauge("ingest_connected", "1 if the worker has the broker", ("worker",), connected)


def _engine(shards: Details) -> Iterator[Metric]:
    for name, about in ENGINE_GAUGES.items():
        yield _gauge(f"engine_{name}", about, ("shard",), [((s,), float(d.get(name, 0))) for s, d in shards])
    ticks = [((shard,), float(detail.get("tick_ms", 0)) / 1000) for shard, detail in shards]
    yield _gauge("engine_tick_seconds", "how long the last tick of all rules took", ("shard",), ticks)
    failed = [((shard, rule), 1.0) for shard, detail in shards for rule in detail.get("failed_rules", [])]
    yield _gauge("engine_rule_failed", "1 for a rule that raised an exception lately", ("shard", "rule"), failed)
    family = HistogramMetricFamily(
        "shouwang_alert_latency_seconds", "from a reading's receipt to its alert", labels=["shard"]
    )
    for shard, detail in shards:
        if latency := detail.get("alert_latency"):
            counts, total = latency["counts"], 0
            cumulated = []
            for bound, count in zip([*map(str, latency["bounds"]), "+Inf"], counts, strict=True):
                total += count
                cumulated.append((bound, total))
            family.add_metric([shard], cumulated, latency["sum"])
    yield family


def _canary(details: Sequence[dict[str, Any]]) -> Iterator[Metric]:
    trips = [((), float(trip)) for detail in details if (trip := detail.get("round_trip_seconds")) is not None]
    yield _gauge("canary_round_trip_seconds", "the self-check's way from terminal to live stream", (), trips)
    broken = [((link.value,), float(detail.get("broken") == link)) for detail in details for link in Link]
    yield _gauge("canary_broken", "1 for the link that the self-check does not pass", ("link",), broken)
    taken = [((whose,), float(detail.get(f"taken_{whose}", 0))) for detail in details for whose in ("ours", "others")]
    yield _counter("sessions_taken", "connections the broker closed for another of their client id", ("whose",), taken)


def _counter(name: str, about: str, labels: Iterable[str], values: Values) -> Metric:
    return _filled(CounterMetricFamily(f"shouwang_{name}", about, labels=list(labels)), values)


def _gauge(name: str, about: str, labels: Iterable[str], values: Values) -> Metric:
    return _filled(GaugeMetricFamily(f"shouwang_{name}", about, labels=list(labels)), values)


def _filled(family: CounterMetricFamily | GaugeMetricFamily, values: Values) -> Metric:
    for label_values, value in values:
        family.add_metric(list(label_values), value)
    return family
