"""Closed alerts: found, listed, counted.

What is wanted is found in the index `alert_record` alone; the rest of a row is read for one page of them.
"""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import Connection

from api import cursors
from api import search_store as words
from api.accounts.models import Actor
from api.alerts.store import PERSON_NAMES, rows
from api.catalogue.rules import title, titles
from api.records.models import (
    Record,
    RecordChoices,
    RecordFilter,
    RecordPage,
    RecordQuery,
    RecordSummary,
    RuleChoice,
    SeverityCount,
)
from core import search
from core.model import Severity

PAGE = f"""
    SELECT al.id, al.rule, al.severity, al.opened_at, al.acknowledged_at, al.resolved_at, al.disposition, al.breach,
           al.waited AS answer_seconds, extract(epoch FROM al.resolved_at - al.opened_at)::float8 AS close_seconds,
           al.evidence->>'text_zh' AS text_zh, al.evidence->>'text_en' AS text_en,
           al.handler_id, ha.name AS handler_name, al.resolved_by_id, cl.name AS resolved_by_name,
           al.subject, al.subject_id, h.id AS home_id, h.code AS home_code, h.address AS home_address,
           vn.code AS vendor_code, vn.name AS vendor_name, ar.path::text AS area_path,
           area_name(ar.path) AS area_name, coalesce({PERSON_NAMES}, '') AS person_name
    FROM (SELECT al.id FROM alert al WHERE {{conditions}}
          ORDER BY al.opened_at DESC, al.id DESC LIMIT %(limit)s) found
    JOIN alert al ON al.id = found.id
    LEFT JOIN home h ON h.id = al.home_id LEFT JOIN area ar ON ar.id = al.area_id
    LEFT JOIN vendor vn ON vn.id = al.vendor_id
    LEFT JOIN account ha ON ha.id = al.handler_id LEFT JOIN account cl ON cl.id = al.resolved_by_id
    ORDER BY al.opened_at DESC, al.id DESC
"""
# Counted by whole seconds first: sorting a million of them for a median takes longer than all the rest.
SUMMARY = """
    WITH counted AS (
        SELECT al.severity, al.breach, round(al.waited)::int AS waited, count(*) AS n
        FROM alert al WHERE {conditions} GROUP BY 1, 2, 3),
    place AS (
        SELECT severity, waited, sum(n) OVER mine AS so_far, sum(n) OVER (PARTITION BY severity) AS answered,
               sum(n) OVER everyones AS so_far_all, sum(n) OVER () AS answered_all
        FROM (SELECT severity, waited, sum(n) AS n FROM counted WHERE waited IS NOT NULL GROUP BY 1, 2) c
        WINDOW mine AS (PARTITION BY severity ORDER BY waited), everyones AS (ORDER BY waited, severity))
    SELECT severity, sum(n)::bigint AS total, coalesce(sum(n) FILTER (WHERE breach), 0)::bigint AS breaches,
           (SELECT min(p.waited) FROM place p WHERE p.severity = counted.severity AND p.so_far * 2 >= p.answered)
               AS median,
           (SELECT min(p.waited) FROM place p WHERE p.so_far_all * 2 >= p.answered_all) AS median_all
    FROM counted GROUP BY severity
"""
CHOICES = """
    SELECT DISTINCT al.rule, al.handler_id, al.resolved_by_id FROM alert al WHERE al.state = 'resolved'
"""


def list_records(conn: Connection, wanted: RecordQuery, zone: ZoneInfo) -> RecordPage:
    """One page, newest first."""
    conditions, values = _wanted(conn, wanted, zone)
    values["limit"] = wanted.limit + 1
    if wanted.cursor:
        values["after_at"], values["after_id"] = cursors.decode(wanted.cursor, datetime, int)
        conditions.append("(al.opened_at, al.id) < (%(after_at)s, %(after_id)s)")
    found = rows(conn, PAGE.format(conditions=" AND ".join(conditions)), values)
    more = found[wanted.limit - 1] if len(found) > wanted.limit else None
    return RecordPage(
        items=[Record.of(row) for row in found[: wanted.limit]],
        next_cursor=cursors.encode(more["opened_at"], more["id"]) if more else None,
    )


def summary(conn: Connection, wanted: RecordFilter, zone: ZoneInfo) -> RecordSummary:
    """Counts over all that match."""
    conditions, values = _wanted(conn, wanted, zone)
    found = rows(conn, SUMMARY.format(conditions=" AND ".join(conditions)), values)
    counts = [
        SeverityCount(
            severity=Severity(row["severity"]), total=row["total"], breaches=row["breaches"],
            median_answer_seconds=row["median"],
        )
        for row in found
    ]  # fmt: skip
    return RecordSummary(
        total=sum(count.total for count in counts), breaches=sum(count.breaches for count in counts),
        median_answer_seconds=found[0]["median_all"] if found else None,
        by_severity=sorted(counts, key=lambda count: count.severity.rank),
    )  # fmt: skip


def choices(conn: Connection) -> RecordChoices:
    """Handlers and rules of the closed alerts."""
    found = rows(conn, CHOICES, {})
    people = {row[name] for row in found for name in ("handler_id", "resolved_by_id")} - {None}
    query = "SELECT id, name FROM account WHERE id = ANY(%s) ORDER BY name, id"
    rules = sorted({row["rule"] for row in found}, key=lambda name: title(name).zh)
    return RecordChoices(
        handlers=[Actor(**row) for row in rows(conn, query, (list(people),))],
        rules=[RuleChoice(name=name, title_zh=title(name).zh, title_en=title(name).en) for name in rules],
    )


def _wanted(conn: Connection, wanted: RecordFilter, zone: ZoneInfo) -> tuple[list[str], dict[str, Any]]:
    values: dict[str, Any] = wanted.model_dump(include=set(EQUAL))
    conditions = ["al.state = 'resolved'"]
    conditions += [condition for name, condition in EQUAL.items() if values[name] is not None]
    if wanted.since:
        values["from"] = datetime.combine(wanted.since, time(), zone)
        conditions.append("al.opened_at >= %(from)s")
    if wanted.until:
        values["to"] = datetime.combine(wanted.until + timedelta(days=1), time(), zone)
        conditions.append("al.opened_at < %(to)s")
    conditions += [_found_by(conn, word, number, values) for number, word in enumerate(words.split(wanted.q or ""))]
    return conditions, values


OFTEN = 2000  # remarks: a word that so many have is a phrase of everybody's
SAID_HERE = "e.note <> '' AND search_form(e.note) LIKE %({name})s"
SAYING = "SELECT alerts_saying(%(form)s, %(pattern)s, %(most)s) AS alert"
EQUAL = {
    "severity": "al.severity = %(severity)s", "rule": "al.rule = %(rule)s", "result": "al.disposition = %(result)s",
    "handler": "(al.handler_id = %(handler)s OR al.resolved_by_id = %(handler)s)", "home": "al.home_id = %(home)s",
    "breach": "al.breach = %(breach)s",
}  # fmt: skip


def _found_by(conn: Connection, word: words.Word, number: int, values: dict[str, Any]) -> str:
    if not word.form:
        return "false"
    name = f"q{number}"
    pattern = words.contains(word.form)
    values |= {name: pattern, f"{name}_rules": _rules(word.form)}
    people = f"(SELECT id FROM account WHERE search_form(name) LIKE %({name})s)"
    saying = rows(conn, SAYING, {"form": word.form, "pattern": pattern, "most": OFTEN})
    if len(saying) < OFTEN:
        values[f"{name}_saying"] = [row["alert"] for row in saying]
        noted = f"al.id IN (SELECT unnest(%({name}_saying)s::bigint[]))"
    else:  # one of the next few has it: look at each alert's own remarks
        noted = f"(SELECT true FROM alert_event e WHERE e.alert_id = al.id AND {SAID_HERE.format(name=name)} LIMIT 1)"
    return f"""(
        al.home_id IN (SELECT s.home_id FROM home_search_in_scope s WHERE {words.home_by(word, number, values)})
        OR al.rule = ANY(%({name}_rules)s) OR al.handler_id IN {people} OR al.resolved_by_id IN {people}
        OR {noted})"""


def _rules(form: str) -> list[str]:
    return [name for name, said in titles().items() if form in search.form(f"{said.zh}{said.en}{name}")]
