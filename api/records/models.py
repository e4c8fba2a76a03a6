"""The record: alerts that were answered for, how long they waited, and what they turned out to be."""

from typing import Any, Self

from pydantic import Field

from api.accounts.models import Actor
from api.alerts.models import AlertSubject, subject
from api.catalogue.rules import title
from api.values import Answer, Day, Id, Identified, Instant, Page, Request, Search, Word
from core.model import ANSWER_WITHIN, Disposition, Severity


class RecordHome(Answer):
    """Where it was."""

    id: int
    code: str
    address: str
    area_name: str
    person_name: str


class Record(Identified):
    """One alert that is closed."""

    rule: str
    title_zh: str
    title_en: str
    text_zh: str = Field(description="what was found")
    text_en: str
    severity: Severity
    subject: AlertSubject
    home: RecordHome | None = Field(description="none: it was about an area, a vendor or the site")
    opened_at: Instant
    acknowledged_at: Instant | None
    resolved_at: Instant
    answer_seconds: float | None = Field(
        description="from when it first asked for a person until one answered; none: nobody did, it ended by itself"
    )
    close_seconds: float = Field(description="from when it was raised until it was closed")
    limit_seconds: float | None = Field(description="within what time its severity wants an answer")
    breach: bool = Field(description="it waited longer than that, at least once")
    disposition: Disposition
    handler: Actor | None = Field(description="who held it")
    resolved_by: Actor | None = Field(description="who closed it; none: it ended by itself")

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        """From a row of `api.records.store`."""
        zh, en = title(row["rule"])
        limit = ANSWER_WITHIN.get(Severity(row["severity"]))
        home = None
        if row["home_id"] is not None:
            home = {key: row[f"home_{key}"] for key in ("id", "code", "address")}
            home |= {key: row[key] for key in ("area_name", "person_name")}
        return cls.model_validate({
            **row, "title_zh": zh, "title_en": en,
            "text_zh": row["text_zh"] or "", "text_en": row["text_en"] or row["text_zh"] or "",
            "limit_seconds": limit.total_seconds() if limit else None,
            "subject": subject(row), "home": home,
            "handler": _actor(row, "handler"), "resolved_by": _actor(row, "resolved_by"),
        })  # fmt: skip


def _actor(row: dict[str, Any], name: str) -> dict[str, Any] | None:
    return None if row[f"{name}_id"] is None else {"id": row[f"{name}_id"], "name": row[f"{name}_name"]}


class RecordPage(Answer):
    """A part of the record, newest first."""

    items: list[Record]
    next_cursor: str | None


class SeverityCount(Answer):
    """The part of one severity."""

    severity: Severity
    total: int
    breaches: int
    median_answer_seconds: float | None = Field(description="of those that a person answered")


class RecordSummary(Answer):
    """What there is over a whole filter."""

    total: int
    breaches: int
    median_answer_seconds: float | None
    by_severity: list[SeverityCount] = Field(description="the worst first, without those of which there is none")


class RuleChoice(Answer):
    """A rule that closed alerts are of."""

    name: str
    title_zh: str
    title_en: str


class RecordChoices(Answer):
    """What the record can be filtered by."""

    handlers: list[Actor] = Field(description="who held or closed an alert, by name")
    rules: list[RuleChoice]


class RecordFilter(Request):
    """Which closed alerts."""

    q: Search | None = Field(
        None,
        description="words in any order, each a part of a remark, the rule's title, a handler's name, or whatever finds"
        " the home",
    )
    severity: Severity | None = None
    rule: Word | None = None
    result: Disposition | None = None
    handler: Id | None = Field(None, description="who held it or closed it")
    home: Id | None = None
    breach: bool | None = Field(None, description="only those that waited too long, or only the others")
    since: Day | None = Field(None, alias="from", description="raised on this local day or later")
    until: Day | None = Field(None, alias="to", description="raised on this local day or earlier")


class RecordQuery(RecordFilter, Page):
    """Which part of them."""
