"""A small engine on a real database: rules as small as a test needs, and ways to run and watch it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg

from alerts.engine.program import Engine
from alerts.engine.steps import Steps
from alerts.judging.findings import Findings
from alerts.judging.fleet import Batch, Fleet
from alerts.lifecycle.backoff import Backoff
from core.model import Severity
from core.packed import Flag
from core.settings import Settings

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def us(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6)


@dataclass(frozen=True)
class Nothing:
    """No parameters."""


@dataclass(frozen=True)
class Rule:
    """A rule as small as a test needs."""

    name: str
    metrics: tuple[str, ...]
    observe: Callable[..., Findings] | None = None
    tick: Callable[..., Findings] | None = None
    clear_after: timedelta | None = 2 * MINUTE
    backoff: Backoff | None = None
    recovers: bool = False
    history: timedelta = timedelta()
    params: Any = Nothing()
    severity: Severity = Severity.URGENT


def pressed(fleet: Fleet, batch: Batch, params: None) -> Findings:
    found = batch.where(batch.value > 0)
    late = (found.flags & Flag.LATE) != 0
    return Findings.of(found.home, found.ts, severity=Severity.EMERGENCY, device=found.device, late=late)


def too_cold(severity: Severity = Severity.URGENT):
    def tick(fleet: Fleet, now: int, params: None) -> Findings:
        column = fleet.column("temperature")
        cold, warm = column.value < 10, np.ones(len(fleet.home_ids), bool)
        warm[column.home[column.value < 12]] = False
        worst = [Severity.EMERGENCY if value < 5 else severity for value in column.value[cold]]
        return Findings.of(
            column.home[cold], column.ts[cold], severity=worst, device=column.device[cold], clear=warm,
            evidence=lambda position: {"value": column.value[cold][position]},
        )  # fmt: skip

    return tick


def broken(fleet: Fleet, batch: Batch, params: None) -> Findings:
    raise RuntimeError("a bug")


SOS = Rule("sos", ("sos",), observe=pressed, clear_after=None)
COLD = Rule("cold", ("temperature",), tick=too_cold())


@contextmanager
def watching(settings: Settings, *rules: Rule, now: datetime = NOW) -> Iterator[Steps]:
    with psycopg.connect(settings.database_url.get_secret_value(), autocommit=True) as conn:
        yield Steps(conn, settings, {rule.name: rule for rule in rules}, now)


@contextmanager
def running(settings: Settings, *rules: Rule) -> Iterator[threading.Thread]:
    stop = threading.Event()
    engine = Engine(settings, {rule.name: rule for rule in rules} if rules else None)
    thread = threading.Thread(target=engine.run, args=(stop,))
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(15)
        assert not thread.is_alive(), "it did not stop"


def judge_all(watch: Steps, now: datetime) -> None:
    while watch.judge_lane(now, urgent=True) or watch.judge_lane(now, urgent=False):
        pass


def kinds(look) -> list[str]:
    return [row[0] for row in look("SELECT kind FROM alert_event ORDER BY id")]


ALERTS = "SELECT rule, severity, state, count, late, cleared_at FROM alert ORDER BY id"
