"""What can be measured, by what, and judged how."""

from pydantic import Field

from api.values import Answer
from core.catalogue import Kind
from core.model import Severity


class Metric(Answer):
    """One measurable thing; `low` and `high` bound what is physically plausible."""

    name: str
    zh: str
    en: str
    kind: Kind
    unit: str
    low: float
    high: float
    urgent_from: float | None


class DeviceType(Answer):
    """A kind of terminal."""

    code: str
    zh: str
    en: str
    cadence_seconds: float
    silent_after_seconds: float
    metrics: list[str]
    rules: list[str]


class Rule(Answer):
    """A detector, in the operators' words."""

    name: str
    title_zh: str
    title_en: str
    severity: Severity
    scenario: str
    about_zh: str = Field(description="a line each: what to do, what it sees, its limits with sources, when it ends")
    about_en: str


class Catalogue(Answer):
    """Everything the system knows how to measure and judge."""

    metrics: list[Metric]
    device_types: list[DeviceType]
    rules: list[Rule]
