"""SQL of the self-check: its terminal, how far a signal came and its one alert."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from psycopg.types.json import Jsonb

from alerts.lifecycle.states import EventKind
from alerts.response.store import alerts as store
from alerts.selfcheck.taken import CODE, REASON, Owner
from core import canary
from core.model import Severity, Subject

RULE = "self_check"


class Terminal(NamedTuple):
    """The self-check's virtual device."""

    device_id: int
    metric_id: int


class OwnAlert(NamedTuple):
    """The alert as it stands."""

    id: int
    cleared: bool
    resolved_at: datetime | None
    link: str | None  # that it names


def terminal(conn: psycopg.Connection) -> Terminal | None:
    """The registered terminal; None before any home is registered."""
    row = conn.execute(
        "SELECT d.id, m.id FROM device d JOIN vendor v ON v.id = vendor_id, metric m"
        " WHERE v.code = %s AND d.serial = %s AND d.retired_at IS NULL AND m.name = %s",
        (canary.VENDOR, canary.SERIAL, canary.METRIC),
    ).fetchone()
    return Terminal(*row) if row else None


def stored(conn: psycopg.Connection, terminal: Terminal, at: datetime) -> bool:
    """Whether the signal of that instant is in the database."""
    found = conn.execute(
        "SELECT 1 FROM reading WHERE device_id = %s AND metric = %s AND ts = %s",
        (terminal.device_id, terminal.metric_id, at),
    )
    return found.fetchone() is not None


def sessions(conn: psycopg.Connection) -> frozenset[str]:
    """Fingerprints of the ingest workers' client ids, of late."""
    found = conn.execute(
        "SELECT jsonb_array_elements_text(detail->'sessions') FROM heartbeat"
        " WHERE process LIKE 'ingest/%' AND jsonb_typeof(detail->'sessions') = 'array'"
    )
    return frozenset(row[0] for row in found)


def tidy(conn: psycopg.Connection) -> int:
    """Delete heartbeats of programs that are gone; returns how many."""
    row = conn.execute("SELECT tidy_selfcheck()").fetchone()
    assert row is not None
    return int(row[0])


def tell_vendors(conn: psycopg.Connection, told: Mapping[Owner | str, int], now: datetime) -> None:
    """An entry among the refused messages of each vendor whose terminals' sessions were taken, one for a terminal.

    What names no registered terminal counts for its vendor, so that nobody can make entries without end.
    """
    rows = [(o.vendor, o.serial, n) if isinstance(o, Owner) else (None, o, n) for o, n in told.items()]
    vendors, serials, counts = map(list, zip(*rows, strict=True))
    whose = conn.execute(
        "SELECT v.id, v.code, coalesce(d.serial, ''), sum(said.n)::int FROM"
        " unnest(%s::text[], %s::text[], %s::int[]) AS said (vendor, serial, n)"
        " LEFT JOIN device d ON d.serial = said.serial"
        "   AND (said.vendor IS NULL OR d.vendor_id = (SELECT id FROM vendor WHERE code = said.vendor))"
        " JOIN vendor v ON v.id = d.vendor_id OR d.id IS NULL AND v.code = said.vendor GROUP BY 1, 2, 3",
        (vendors, serials, counts),
    ).fetchall()
    for vendor_id, code, serial, count in whose:
        topic = Owner(code, serial).topic
        digest = hashlib.sha256(f"{CODE}\0{topic}".encode()).digest()
        conn.execute(
            "INSERT INTO dead_letter AS d"
            " (received_at, vendor_id, topic, payload, code, reason, digest, count, last_at, whole)"
            " VALUES (%s, %s, %s, '', %s, %s, %s, %s, %s, false) ON CONFLICT (digest, code) WHERE replayed_at IS NULL"
            " DO UPDATE SET count = d.count + excluded.count, last_at = excluded.last_at",
            (now, vendor_id, topic, CODE, REASON, digest, count, now),
        )


def newest(conn: psycopg.Connection) -> OwnAlert | None:
    """The newest self-check alert."""
    row = conn.execute(
        "SELECT id, cleared_at IS NOT NULL, resolved_at, evidence->>'link' FROM alert"
        " WHERE subject = 'site' AND rule = %s ORDER BY opened_at DESC LIMIT 1",
        (RULE,),
    ).fetchone()
    return OwnAlert(*row) if row else None


def raise_alert(conn: psycopg.Connection, since: datetime, now: datetime, evidence: dict[str, Any]) -> None:
    """Open the alert, which is the site's own, or say that its condition has come back. Inside a transaction."""
    record = {
        "subject": Subject.SITE, "rule": RULE, "severity": Severity.EMERGENCY,
        "occurred_at": since, "opened_at": now, "last_at": now, "count": 1, "score": 1.0, "late": False,
        "evidence": evidence, "asks_since": now,
    }  # fmt: skip
    [opened] = store.write_raises(conn, [record])
    kind = EventKind.OPENED if opened.inserted else EventKind.RETURNED
    store.add_events(conn, [store.Event(opened.alert_id, now, kind, data={"severity": Severity.EMERGENCY})])


def name_link(conn: psycopg.Connection, alert_id: int, evidence: dict[str, Any]) -> None:
    """The alert that stands names the link that is broken now; since when something is wrong stays as it was."""
    conn.execute("UPDATE alert SET evidence = evidence || (%s - 'since') WHERE id = %s", (Jsonb(evidence), alert_id))


def clear_alert(conn: psycopg.Connection, alert_id: int, now: datetime) -> None:
    """The chain is whole again; a person still answers for the gap. Inside a transaction."""
    if store.write_closes(conn, [alert_id], now):
        store.add_events(conn, [store.Event(alert_id, now, EventKind.CLEARED)])
