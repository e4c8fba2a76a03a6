"""SQL of the alerts: findings, events, and what stands open. What people answer: alerts/response/store/answers.py."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
import psycopg

from alerts.lifecycle.backoff import GOES_ON
from alerts.lifecycle.rows import AlertRow, Recorded
from alerts.lifecycle.states import EventKind
from core.model import Severity


class Event(NamedTuple):
    """One entry of an alert's history to write."""

    alert_id: int
    at: datetime
    kind: EventKind
    account_id: int | None = None  # None: the engine
    note: str = ""
    data: dict[str, Any] = {}  # noqa: RUF012 - never written to


def add_events(conn: psycopg.Connection, events: Sequence[Event]) -> None:
    """Append to the history. Last in a transaction: it holds a lock that every writer of events waits for."""
    if not events:
        return
    conn.execute(
        "INSERT INTO alert_event (alert_id, at, kind, account_id, note, data)"
        " SELECT * FROM jsonb_to_recordset(%s) AS e"
        " (alert_id bigint, at timestamptz, kind text, account_id integer, note text, data jsonb)",
        (json([event._asdict() for event in events]),),
    )


def json(value: object) -> str:
    """JSON text; numpy's numbers are numbers, NaN is null."""
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS).decode()


# On the row `a` that stands open: is what was just found shown in its place?
WORSE = "array_position(%(ranks)s, excluded.severity) < array_position(%(ranks)s, a.severity)"
NO_TEST = "a.evidence->'test' IS NOT NULL AND excluded.evidence->'test' IS NULL"  # what looked like a test goes on
SHOWN_INSTEAD = f"(a.suppressed_until IS NOT NULL OR {WORSE} OR {NO_TEST})"
SAME_METRIC = (
    "excluded.last_value IS NOT NULL AND excluded.evidence->'metric' IS NOT DISTINCT FROM a.evidence->'metric'"
)
RAISE = f"""
    INSERT INTO alert AS a (subject, home_id, area_id, vendor_id, device_id, rule, severity, occurred_at, opened_at,
        last_at, count, score, late, evidence, episode_at, steps, answered, suppressed_by, suppressed_until,
        asks_since, last_value, peak_value)
    SELECT coalesce(subject, 'home'), home_id, area_id, vendor_id, device_id, rule, severity, occurred_at, opened_at,
        last_at, count, score, late, evidence, episode_at, coalesce(steps, 0), answered,
        CASE WHEN suppressed_until IS NOT NULL THEN %(goes_on)s END,
        suppressed_until, asks_since, last_value, peak_value
    FROM jsonb_to_recordset(%(records)s) AS r (subject text, home_id integer,
        area_id integer, vendor_id integer, device_id integer, rule text, severity text,
        occurred_at timestamptz, opened_at timestamptz, last_at timestamptz, count integer, score real, late boolean,
        evidence jsonb, episode_at timestamptz, steps smallint, answered text, suppressed_until timestamptz,
        asks_since timestamptz, last_value double precision, peak_value double precision)
    ON CONFLICT (subject, subject_id, rule) WHERE state <> 'resolved' DO UPDATE SET
        count = a.count + excluded.count, last_at = greatest(a.last_at, excluded.last_at),
        score = greatest(a.score, excluded.score), cleared_at = NULL,
        opened_at = CASE WHEN a.suppressed_until IS NULL THEN a.opened_at ELSE excluded.opened_at END,
        asks_since = CASE WHEN excluded.asks_since IS NOT NULL OR a.suppressed_until IS NOT NULL
            THEN coalesce(a.asks_since, excluded.opened_at) ELSE a.asks_since END,
        suppressed_by = NULL, suppressed_until = NULL,
        episode_at = excluded.episode_at, steps = excluded.steps, answered = excluded.answered,
        severity = CASE WHEN {WORSE} THEN excluded.severity ELSE a.severity END,
        device_id = CASE WHEN {SHOWN_INSTEAD} THEN excluded.device_id ELSE a.device_id END,
        evidence = CASE WHEN {SHOWN_INSTEAD} THEN excluded.evidence ELSE a.evidence END,
        last_value = CASE WHEN {SHOWN_INSTEAD} OR ({SAME_METRIC} AND excluded.last_at >= a.last_at)
            THEN excluded.last_value ELSE a.last_value END,
        peak_value = CASE WHEN {SHOWN_INSTEAD} THEN excluded.peak_value WHEN NOT ({SAME_METRIC}) THEN a.peak_value
            WHEN (a.evidence->>'value')::float8 >= (a.evidence->>'limit')::float8
            THEN greatest(a.peak_value, excluded.peak_value) ELSE least(a.peak_value, excluded.peak_value) END
    RETURNING id, home_id, rule, xmax = 0
"""  # noqa: S608 - of constants; values are parameters


def write_raises(conn: psycopg.Connection, records: Sequence[dict[str, Any]]) -> list[Recorded]:
    """Open alerts or add to those open, whichever the database finds: no race with whoever resolves one now.

    `asks_since` is given where the finding asks for a person though the alert was answered. A new alert that is not
    only shown asks in any case, also where it was taken for one that stands. `subject` is a home's where it is not
    given; else it goes with `area_id`, `vendor_id` or neither.
    """
    values = {"goes_on": GOES_ON, "records": json(records), "ranks": [str(severity) for severity in Severity]}
    opened = [Recorded(*row) for row in conn.execute(RAISE, values).fetchall()]
    calm = {(one.get("home_id"), one["rule"]) for one in records if not one.get("asks_since")}
    missed = [one.alert_id for one in opened if one.inserted and (one.home_id, one.rule) in calm]
    if missed:
        conn.execute(
            "UPDATE alert SET asks_since = opened_at WHERE id = ANY(%s) AND suppressed_until IS NULL", (missed,)
        )
    return opened


def write_closes(conn: psycopg.Connection, alert_ids: Sequence[int], now: datetime) -> set[int]:
    """Note that the condition is over, also of an alert that was answered before. Returns those of which it is news.

    What is only shown by now asks: it would have ended otherwise, and nobody else would end it.
    """
    rows = conn.execute(
        "UPDATE alert SET cleared_at = %(now)s, suppressed_by = NULL, suppressed_until = NULL,"
        " asks_since = CASE WHEN suppressed_by IS NULL THEN asks_since ELSE coalesce(asks_since, %(now)s) END"
        " WHERE id = ANY(%(ids)s) AND cleared_at IS NULL RETURNING id",
        {"now": now, "ids": list(alert_ids)},
    )
    return {row[0] for row in rows}


def write_ends(
    conn: psycopg.Connection, alert_ids: Sequence[int], now: datetime, recovering: Sequence[str]
) -> set[int]:
    """The alerts end with their conditions: those of rules that recover, and what is still only shown.

    Returns those that nobody has closed meanwhile, or taken where that keeps them from ending.
    """
    rows = conn.execute(
        "UPDATE alert SET cleared_at = coalesce(cleared_at, %(now)s), state = 'resolved', resolved_at = %(now)s,"
        " disposition = 'recovered', asks_since = NULL, suppressed_by = NULL, suppressed_until = NULL"
        " WHERE id = ANY(%(ids)s) AND state <> 'resolved' AND (rule = ANY(%(rules)s) OR suppressed_by = %(goes_on)s)"
        " RETURNING id",
        {"now": now, "ids": list(alert_ids), "rules": list(recovering), "goes_on": GOES_ON},
    )
    return {row[0] for row in rows}


def write_aloud(conn: psycopg.Connection, alert_ids: Sequence[int], now: datetime) -> set[int]:
    """What was only shown is raised anew. Returns those that nobody has answered meanwhile."""
    rows = conn.execute(
        "UPDATE alert SET suppressed_by = NULL, suppressed_until = NULL, opened_at = %(now)s, asks_since = %(now)s"
        " WHERE id = ANY(%(ids)s) AND suppressed_by = %(goes_on)s AND state = 'open' RETURNING id",
        {"now": now, "ids": list(alert_ids), "goes_on": GOES_ON},
    )
    return {row[0] for row in rows}


def write_values(conn: psycopg.Connection, values: Mapping[int, float]) -> None:
    """What is measured now, by alert; no entry in the history, for its condition merely goes on."""
    if values:
        conn.execute(
            "UPDATE alert SET last_value = now.value, peak_value = CASE"
            " WHEN (evidence->>'value')::float8 >= (evidence->>'limit')::float8"
            " THEN greatest(peak_value, now.value) ELSE least(peak_value, now.value) END"
            " FROM unnest(%s::bigint[], %s::float8[]) AS now (id, value)"
            " WHERE alert.id = now.id AND last_value <> now.value AND state <> 'resolved'",
            (list(values), [round(value, 2) for value in values.values()]),
        )


def standing_alerts(conn: psycopg.Connection, shards: int, shard: int, resolved_since: datetime) -> list[AlertRow]:
    """Unresolved alerts, those resolved since then, and what was answered before in their episodes; older first."""
    rows = conn.execute(
        "WITH recent AS MATERIALIZED (SELECT * FROM alert_episode"
        "  WHERE home_id %% %(shards)s = %(shard)s AND (state <> 'resolved' OR resolved_at > %(since)s)),"
        " before AS (SELECT * FROM alert_episode e WHERE state = 'resolved' AND resolved_at <= %(since)s"
        "  AND EXISTS (SELECT FROM recent r WHERE r.answered IS NOT NULL AND r.home_id = e.home_id"
        "   AND r.rule = e.rule AND r.episode_at = e.episode_at))"
        " SELECT * FROM recent UNION ALL SELECT * FROM before ORDER BY alert_id",
        {"shards": shards, "shard": shard, "since": resolved_since},
    )
    return [AlertRow.of(row) for row in rows]


def newest_event(conn: psycopg.Connection) -> int:
    """The id up to which every event is visible."""
    row = conn.execute("SELECT coalesce(max(id), 0) FROM alert_event").fetchone()
    return row[0] if row else 0


def answered_between(conn: psycopg.Connection, after: int, until: int) -> list[AlertRow]:
    """Alerts that people answered, or took an answer back, by an event of that range; as they stand now."""
    rows = conn.execute(
        "SELECT a.* FROM alert_event e JOIN alert_episode a USING (alert_id)"
        " WHERE e.id > %s AND e.id <= %s AND kind IN ('acknowledged', 'dispatched', 'resolved', 'undone')"
        " ORDER BY e.id",
        (after, until),
    )
    return [AlertRow.of(row) for row in rows]
