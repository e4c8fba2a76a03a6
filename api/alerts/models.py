"""Alerts: what happened, why, who has it."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field

from api.accounts.models import Actor
from api.alerts.evidence import Evidence
from api.catalogue.rules import title
from api.homes.people_models import Household
from api.values import Answer, BigId, Id, Identified, Instant, Moment, Note, Page, Request, Word
from core.catalogue import device_types
from core.model import Disposition, Severity, State, Subject


class AlertSubject(Answer):
    """Whom it is about: a home, an area, a vendor, or the site itself."""

    kind: Subject
    id: int = Field(description="of the home, the area or the vendor; 0: the site")
    code: str = Field(
        description="the bureau's number of the home, the area's path, the vendor's code; empty: the site"
    )
    name: str = Field(description="the home's address, the area's or the vendor's name; empty: the site")


class AlertHome(Answer):
    """Where it happened."""

    id: int
    code: str = Field(description="the bureau's own number")
    address: str
    area_path: str
    area_name: str = Field(description="from the district down, joined by ' / '")
    person_name: str
    initials: str = Field(
        description="of each person's name in pinyin, in every way it can be read, between blanks: `cxl`, `sx dx`"
    )


class AlertDevice(Answer):
    """The device that showed it."""

    id: int
    serial: str
    type: str
    type_zh: str
    type_en: str
    room: str


class Alert(Identified):
    """One alert as it stands now."""

    rule: str
    title_zh: str
    title_en: str
    severity: Severity
    state: State
    subject: AlertSubject
    home: AlertHome | None = Field(description="none: it is about an area, a vendor or the site")
    device: AlertDevice | None
    occurred_at: Instant = Field(description="when it happened, by the device's clock within bounds")
    opened_at: Instant = Field(description="when it was raised")
    asks_since: Instant | None = Field(
        description="since when it asks for a person: from when it is aloud, and after an answer from when it is found"
        " again, gets worse or is aloud again; none: answered, or only shown"
    )
    last_at: Instant = Field(description="the last finding")
    count: int
    score: float
    late: bool = Field(description="it reached us long after it happened")
    last_value: float | None = Field(description="the newest measured value, in `evidence.unit`")
    peak_value: float | None = Field(description="the worst measured value since it opened")
    evidence: Evidence = Field(description="what was measured, the limit or the person's usual range, since when")
    episode_at: Instant = Field(description="since when the condition has held, alerts answered before included")
    answered_before: bool = Field(description="it was answered in this episode and has gone on")
    cleared_at: Instant | None = Field(description="the condition is over; a person still answers")
    suppressed_by: str | None = Field(
        description="shown, not aloud, not counted as unanswered; `goes_on`: answered often enough, and it goes on"
    )
    suppressed_until: Instant | None = Field(description="aloud again at this time at the latest")
    handler: Actor | None = Field(description="who has it, or had it last")
    acknowledged_at: Instant | None
    dispatched_at: Instant | None
    resolved_at: Instant | None
    resolved_by: Actor | None = Field(description="who closed it; none of a resolved alert: the system")
    disposition: Disposition | None

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        """From a row of `api.alerts.store`."""
        return cls.model_validate({**row, **_parts(row)})


def _parts(row: dict[str, Any]) -> dict[str, Any]:
    zh, en = title(row["rule"])
    home = None
    if row["home_id"] is not None:
        home = {key: row[f"home_{key}"] for key in ("id", "code", "address")}
        home |= {key: row[key] for key in ("area_path", "area_name", "person_name", "initials")}
    device = None
    if row["device_id"] is not None:
        kind = device_types().get(row["device_type"])
        names = (kind.zh, kind.en) if kind else (row["device_type"], row["device_type"])
        device = {
            "id": row["device_id"], "serial": row["device_serial"], "type": row["device_type"],
            "type_zh": names[0], "type_en": names[1], "room": row["device_room"],
        }  # fmt: skip
    return {
        "title_zh": zh, "title_en": en, "subject": subject(row), "home": home, "device": device,
        "handler": _actor(row, "handler"), "resolved_by": _actor(row, "resolved_by"),
        "episode_at": row["episode_at"] or row["occurred_at"], "answered_before": row["answered"] is not None,
    }  # fmt: skip


def subject(row: dict[str, Any]) -> dict[str, Any]:
    """The fields of an AlertSubject from a row with those of the subject, its home, area and vendor."""
    told = {
        Subject.HOME: ("home_code", "home_address"),
        Subject.AREA: ("area_path", "area_name"),
        Subject.VENDOR: ("vendor_code", "vendor_name"),
    }.get(row["subject"])
    code, name = (row[told[0]], row[told[1]]) if told else ("", "")
    return {"kind": row["subject"], "id": row["subject_id"], "code": code, "name": name}


def _actor(row: dict[str, Any], role: str) -> dict[str, Any] | None:
    number = row[f"{role}_id"]
    return None if number is None else {"id": number, "name": row[f"{role}_name"]}


class AlertEvent(Answer):
    """One step of an alert's history; never changed afterwards."""

    id: int = Field(description="what `undo` names")
    at: Instant
    kind: str
    actor: Actor | None = Field(description="none: the engine")
    note: str
    data: dict[str, Any]

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        """From a row with the columns event_*."""
        actor = None if row["actor_id"] is None else Actor(id=row["actor_id"], name=row["actor_name"])
        return cls(
            id=row["event_id"], at=row["event_at"], kind=row["event_kind"], actor=actor,
            note=row["event_note"], data={name: value for name, value in row["event_data"].items() if name != "before"},
        )  # fmt: skip


class LastSign(Answer):
    """The last sign of life in a home: when, and what showed it."""

    at: Instant
    device_id: int
    type_zh: str
    type_en: str
    room: str
    metric: str
    zh: str
    en: str


class RecentAlert(Answer):
    """Another alert of the same home, in a line."""

    id: int
    title_zh: str
    title_en: str
    severity: Severity
    opened_at: Instant
    resolved_at: Instant | None
    disposition: Disposition | None
    handler: Actor | None


class AlertDetail(Household, Alert):
    """An alert with its history, whom to call, and what is asked before anybody is sent."""

    events: list[AlertEvent]
    last_sign: LastSign | None = Field(description="the last sign of life in this home; none within 3 days: null")
    recent: list[RecentAlert] = Field(description="the last three other alerts of this home, the newest first")


class AlertPage(Answer):
    """A part of the list, newest first."""

    items: list[Alert]
    next_cursor: str | None


class Summary(Answer):
    """How many alerts are not resolved; give `latest_event_id` to /events to miss nothing that comes after."""

    active: dict[Severity, int] = Field(description="without those that are suppressed")
    unacknowledged: dict[Severity, int] = Field(description="those that ask for a person: `asks_since` is set")
    suppressed: dict[Severity, int] = Field(description="shown and not aloud")
    latest_event_id: int


class AlertQuery(Page):
    """Which alerts."""

    state: Literal["active", "open", "acknowledged", "dispatched", "resolved", "all"] = "active"
    severity: Severity | None = None
    rule: Word | None = None
    home: Id | None = None
    suppressed: bool | None = Field(None, description="true: only what is shown and not aloud; false: only the others")
    since: Moment | None = Field(None, description="opened at this time or later")
    until: Moment | None = Field(None, description="opened before this time")


class NoteBody(Request):
    """A step, with an optional remark."""

    note: Note = ""


class CommentBody(Request):
    """A remark."""

    note: Annotated[Note, Field(min_length=1)]


class ResolveBody(Request):
    """What it turned out to be."""

    disposition: Disposition
    note: Note = ""
    take_over: bool = Field(False, description="close it though somebody else has it")


class UndoBody(Request):
    """Which of one's own steps is taken back."""

    event: BigId = Field(description="the id of the step in the alert's history")
