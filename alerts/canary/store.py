"""SQL of the self-check: its terminal, how far a signal came, its heartbeat and its one alert."""

from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from psycopg.types.json import Jsonb

from alerts import store
from alerts.lifecycle import Kind
from core import canary
from core.model import Severity

RULE = "self_check"
PROCESS = "canary"


class Terminal(NamedTuple):
    """The self-check's virtual device."""

    device_id: int
    home_id: int
    metric_id: int


class Standing(NamedTuple):
    """The alert as it stands."""

    id: int
    cleared: bool
    resolved_at: datetime | None


def terminal(conn: psycopg.Connection) -> Terminal | None:
    """The registered terminal; None before any home is registered."""
    row = conn.execute(
        "SELECT d.id, d.home_id, m.id FROM device d JOIN vendor v ON v.id = vendor_id, metric m"
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


def beat(conn: psycopg.Connection, now: datetime, detail: dict[str, Any]) -> None:
    """Say how it goes."""
    conn.execute(
        "INSERT INTO heartbeat (process, at, detail) VALUES (%s, %s, %s)"
        " ON CONFLICT (process) DO UPDATE SET at = excluded.at, detail = excluded.detail",
        (PROCESS, now, Jsonb(detail)),
    )


def newest(conn: psycopg.Connection, terminal: Terminal) -> Standing | None:
    """The newest self-check alert."""
    row = conn.execute(
        "SELECT id, cleared_at IS NOT NULL, resolved_at FROM alert WHERE home_id = %s AND rule = %s"
        " ORDER BY opened_at DESC LIMIT 1",
        (terminal.home_id, RULE),
    ).fetchone()
    return Standing(*row) if row else None


def raise_alert(
    conn: psycopg.Connection, terminal: Terminal, since: datetime, now: datetime, evidence: dict[str, Any]
) -> None:
    """Open the alert, or say that its condition has come back. Inside a transaction."""
    record = {
        "home_id": terminal.home_id, "device_id": terminal.device_id, "rule": RULE, "severity": Severity.EMERGENCY,
        "occurred_at": since, "opened_at": now, "last_at": now, "count": 1, "score": 1.0, "late": False,
        "evidence": evidence,
    }  # fmt: skip
    [opened] = store.write_raises(conn, [record])
    kind = Kind.OPENED if opened.inserted else Kind.RETURNED
    store.add_events(conn, [store.Event(opened.alert_id, now, kind, data={"severity": Severity.EMERGENCY})])


def clear_alert(conn: psycopg.Connection, alert_id: int, now: datetime) -> None:
    """The chain is whole again; a person still answers for the gap. Inside a transaction."""
    if store.write_closes(conn, [alert_id], now, resolve=False):
        store.add_events(conn, [store.Event(alert_id, now, Kind.CLEARED)])
