"""What is set of the rules, as it is asked for and answered."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from api.values import NO_NUL, Answer, BigId, Id, Instant, Moment, Request, Word

Reason = Annotated[str, Field(min_length=2, max_length=500, pattern=NO_NUL)]


class PlaceQuery(Request):
    """A home, or an area with everything below it: one of the two."""

    home_id: Id | None = None
    area_id: Id | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.home_id is None) == (self.area_id is None):
            raise ValueError("give home_id or area_id, and not both")
        return self


class PolicyWrite(PlaceQuery):
    """A value to be set."""

    rule: Word
    field: Word = Field(description="a value of the rule, or `on`: 0 switches the rule off")
    value: float = Field(allow_inf_nan=False)
    reason: Reason
    until: Moment | None = Field(None, description="when it ends by itself; required of what makes a rule quieter")
    review_at: Moment | None = Field(None, description="when it is to be looked at again: within a year, or at its end")


class Setting(Answer):
    """A value that somebody has set."""

    id: BigId
    rule: str
    rule_zh: str
    rule_en: str
    field: str
    field_zh: str
    field_en: str
    unit: str
    value: float
    quieter: bool = Field(description="than what would hold without it")
    reason: str
    since: Instant
    until: Instant | None
    review_at: Instant
    ended_at: Instant | None
    home_id: int | None
    home: str | None = Field(description="its code")
    area_id: int | None
    area: str | None
    set_by: str | None
    ended_by: str | None


class Step(Answer):
    """A value, and where it comes from."""

    value: float
    origin: Literal["default", "assessment", "area", "home"]
    source: str
    setting: Setting | None


class Value(Answer):
    """One value of a rule as it holds at a place: its bounds, and its steps from the default on; the last one holds."""

    field: str
    zh: str
    en: str
    unit: str
    value: float
    default: float
    least: float
    most: float
    sooner: Literal["lower", "higher"] = Field(description="which way the rule judges sooner")
    source: str = Field(description="the standard that default and bounds come from; empty: our own choice")
    steps: list[Step]


class RulePolicy(Answer):
    """A rule and its values at a place."""

    rule: str
    title_zh: str
    title_en: str
    values: list[Value]


class Policy(Answer):
    """Every rule that something can be set of, as it holds at a home or an area."""

    rules: list[RulePolicy]


class Settings(Answer):
    """Values that were set; 200 at most."""

    items: list[Setting]
