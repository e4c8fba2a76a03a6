"""One engine's time as its shard's leader. Each step is one transaction: take, judge, write what was found, forget."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import numpy as np
import psycopg

from alerts.engine.latency import Latency
from alerts.engine.latest import LatestWriter
from alerts.engine.rebuild import follow_policy, load_baselines, rebuild, registered, same_registry
from alerts.engine.store import inbox as intake
from alerts.judging.entries import Raise, Transition
from alerts.judging.judge import Judge, Rule
from alerts.lifecycle.backoff import GOES_ON
from alerts.lifecycle.states import EventKind
from alerts.response.store import alerts as store
from core import heartbeat_store
from core.arrays import I8
from core.catalogue import metrics
from core.clock import MINUTE, to_datetime, to_us
from core.model import Disposition
from core.packed import READING, Packed, unpack
from core.settings import Settings

log = logging.getLogger(__name__)

SLICE_BATCHES = 64  # a slice of the backlog is small enough that an emergency never waits long behind it
SLICE_ROWS = 20_000
BACKWARDS = MINUTE  # a step of judging never goes back, unless the machine's clock did
CANARY = metrics()["canary"].id


class Steps:
    """State, and the steps that change it. Any exception leaves it unusable: make another from the database."""

    judge: Judge
    policy_until: datetime | None  # when something that is set of the rules ends by itself

    def __init__(self, conn: psycopg.Connection, settings: Settings, rules: Mapping[str, Rule], now: datetime) -> None:
        """Read the state. `conn` holds the shard's lock: what it cannot commit, nobody else has judged."""
        self.conn = conn
        self.settings = settings
        self.rules = rules
        self.tick_ms = 0.0
        self.latency = Latency()
        self._ticked = to_us(now - timedelta(days=3650))
        intake.prepare_latest(conn)
        intake.relax(conn)
        self.read(now)

    def read(self, now: datetime) -> None:
        """Take the whole state from the database."""
        with self.conn.transaction():
            intake.allow_long(self.conn)
            self._seen_event = store.newest_event(self.conn)
            self.judge, self.policy_until = rebuild(self.conn, self.settings, self.rules, now)
            self._step = intake.newest_step(self.conn, self.settings.shard)
        self._latest = LatestWriter(self.conn, self.settings.shard, self.judge.fleet)

    def refresh_registry(self, now: datetime) -> None:
        """Take up homes and devices that were added, moved or retired."""
        with self.conn.transaction():
            intake.allow_long(self.conn)
            fleet = registered(self.conn, self.settings.zone, self.settings.shards, self.settings.shard)
        if not same_registry(fleet, self.judge.fleet):
            self.read(now)
        else:
            self.follow_policy(now)  # a home may lie in another area now

    def follow_policy(self, now: datetime) -> None:
        """Judge by what is set of the rules now."""
        with self.conn.transaction():
            self.policy_until = follow_policy(self.conn, self.settings, self.judge, now)

    def refresh_baselines(self) -> None:
        """Take up what was learned last night."""
        with self.conn.transaction():
            load_baselines(self.conn, self.settings, self.judge.fleet)

    def judge_lane(self, now: datetime, *, urgent: bool) -> bool:
        """Judge a slice of one lane; True when there may be more."""
        begun = perf_counter()
        with self.conn.transaction():
            batches = intake.waiting(
                self.conn, self.settings.shard, urgent=urgent, batches=SLICE_BATCHES, rows=SLICE_ROWS
            )
            if not batches:
                return False
            self._hear_answers()
            packed, received = _joined(batches)
            batch = self.judge.fleet.apply(packed, received, to_us(now))
            raises = self.judge.observe(batch)
            events = self._write_raises(raises, now)
            intake.mark_judged(self.conn, [one.id for one in batches], self._step + 1)
            if urgent:
                self._echo(packed)
            store.add_events(self.conn, events)
        self._step += 1
        if raises:
            waited = (now - batches[0].received_at).total_seconds() + perf_counter() - begun
            self.latency.add(max(waited, 0.0), len(raises))
        return len(batches) == SLICE_BATCHES or len(packed) >= SLICE_ROWS

    def tick(self, now: datetime) -> None:
        """Judge what fails to arrive, as of the instant up to which everything that did arrive has been judged."""
        begun = perf_counter()
        with self.conn.transaction():
            oldest = intake.oldest_telemetry(self.conn, self.settings.shard)
            as_of = to_us(min(now, oldest) if oldest else now)
            if as_of > self._ticked or to_us(now) < self._ticked - BACKWARDS:
                self._ticked = as_of
            self._hear_answers()
            raises, changes = self.judge.tick(self._ticked)
            self.tick_ms = (perf_counter() - begun) * 1000
            events = self._write_raises(raises, now) + self._write_changes(changes, now)
            store.write_values(self.conn, self.judge.moved())
            store.add_events(self.conn, events)

    def write_latest(self) -> bool:
        """Write the next slice of what changed; True when a pass over all of it is through."""
        return self._latest.turn(self._step)

    def write_all_latest(self) -> None:
        """Write everything that changed, however much that is."""
        self._latest.write_all(self._step)

    def beat(self, now: datetime, failed_jobs: Sequence[str] = ()) -> None:
        """Say that this engine lives, how far behind it is, and what failed last night."""
        waits = intake.inbox(self.conn, self.settings.shard)
        detail = {
            "lag_seconds": round(max(0.0, (now - waits.oldest).total_seconds()), 3) if waits.oldest else 0.0,
            "tick_ms": round(self.tick_ms, 2),
            "homes": len(self.judge.fleet.home_ids),
            "waiting": waits.batches,
            "failed_rules": self.judge.failed_rules(to_us(now)),
            "failed_jobs": list(failed_jobs),
            "alert_latency": self.latency.detail(),
        }
        heartbeat_store.beat(self.conn, f"engine/{self.settings.shard}", now, detail)

    def _echo(self, packed: Packed) -> None:
        """Let a self-check signal go on; the newest few are enough after an outage."""
        signals = packed["ts"][packed["metric"] == CANARY]
        if len(signals):
            intake.echo(self.conn, signals[-100:].tolist())

    def _hear_answers(self) -> None:
        """Learn which alerts people have taken or resolved."""
        newest = store.newest_event(self.conn)
        if newest > self._seen_event:
            self.judge.recall(store.answered_between(self.conn, self._seen_event, newest))
            self._seen_event = newest

    def _write_raises(self, raises: Sequence[Raise], now: datetime) -> list[store.Event]:
        if not raises:
            return []
        intake.insist(self.conn)
        opened = store.write_raises(self.conn, [self._record(one, now) for one in raises])
        events: list[store.Event] = []
        for one, alert in self.judge.written(raises, opened):
            begins = EventKind.OPENED if one.quiet_until is None else EventKind.SUPPRESSED
            kinds = (begins,) if alert.inserted else one.events
            log.info("alert %d of home %d: %s %s (%s)", *alert[:3], "+".join(kinds), one.reason)
            data = {"severity": one.severity, "times": one.times, "asks": one.asks, **_shown(one)}
            events += [store.Event(alert.alert_id, now, kind, data=data) for kind in kinds]
        return events

    def _record(self, one: Raise, now: datetime) -> dict[str, object]:
        fleet = self.judge.fleet
        return {
            "home_id": int(fleet.home_ids[one.home]),
            "device_id": int(fleet.device_ids[one.device]) if one.device >= 0 else None,
            "rule": one.rule, "severity": one.severity, "occurred_at": to_datetime(one.at), "opened_at": now,
            "last_at": to_datetime(one.last), "count": one.times, "score": one.score, "late": one.late,
            "evidence": one.evidence, "episode_at": to_datetime(one.since), "steps": one.steps,
            "answered": one.answered, "suppressed_until": one.quiet_until and to_datetime(one.quiet_until),
            "asks_since": now if one.asks else None, "last_value": one.measured and one.measured.last,
            "peak_value": one.measured and one.measured.peak,
        }  # fmt: skip

    def _write_changes(self, changes: Sequence[Transition], now: datetime) -> list[store.Event]:
        if not changes:
            return []
        intake.insist(self.conn)
        by_id = {one.alert_id: one for one in changes}
        resolved = [one.alert_id for one in changes if EventKind.RESOLVED in one.events]
        aloud = [one.alert_id for one in changes if EventKind.UNSUPPRESSED in one.events]
        stood = (
            store.write_closes(self.conn, list(by_id.keys() - {*resolved, *aloud}), now)
            | store.write_ends(self.conn, resolved, now, [name for name, rule in self.rules.items() if rule.recovers])
            | store.write_aloud(self.conn, aloud, now)
        )
        events: list[store.Event] = []
        for one in (one for one in changes if one.alert_id in stood):
            log.info("alert %d: %s %s", one.alert_id, one.rule, one.reason)
            data: dict[EventKind, dict[str, Any]] = {
                EventKind.RESOLVED: {"disposition": Disposition.RECOVERED},
                EventKind.UNSUPPRESSED: {"reason": "longest"},
            }
            events += [store.Event(one.alert_id, now, kind, data=data.get(kind, {})) for kind in one.events]
        return events


def _shown(one: Raise) -> dict[str, Any]:
    """What the record says of an alert that is only shown, or aloud again."""
    if one.quiet_until is None:
        return {"reason": "worse"} if EventKind.UNSUPPRESSED in one.events else {}
    since, until = (to_datetime(at).isoformat(timespec="seconds") for at in (one.since, one.quiet_until))
    return {"reason": GOES_ON, "since": since, "until": until, "steps": one.steps}


def _joined(batches: Sequence[intake.PackedBatch]) -> tuple[Packed, I8]:
    """All readings of the batches and when each was received; a batch that cannot be read is left out, and said."""
    parts: list[Packed] = [np.zeros(0, READING)]
    received: list[I8] = [np.zeros(0, np.int64)]
    for batch in batches:
        try:
            rows = unpack(batch.payload)
        except ValueError:
            log.exception("batch %d is not whole records and is dropped", batch.id)
            continue
        parts.append(rows)
        received.append(np.full(len(rows), to_us(batch.received_at)))
    return np.concatenate(parts), np.concatenate(received)
