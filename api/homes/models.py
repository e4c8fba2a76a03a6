"""Homes: who lives there, what hangs there, how a day went."""

from pydantic import Field

from api.alerts.models import Alert
from api.devices.models import DeviceDetail
from api.homes.people_models import Door, Household
from api.values import Answer, Day, Identified, Instant, Page, Request, Search
from core.catalogue import Kind
from core.model import Severity


class HomeItem(Identified):
    """One line of the list."""

    code: str = Field(description="the bureau's own number")
    address: str
    area_name: str
    person_name: str
    devices: int = Field(description="in service")
    silent_devices: int
    active_alerts: int = Field(description="not resolved, without those that are suppressed")
    worst_severity: Severity | None
    suppressed_alerts: int = Field(description="shown and not aloud: answered often enough, and it goes on")
    last_life_at: Instant | None = Field(description="last sign of life; none within 3 days: null")


class HomePage(Answer):
    """A part of the list, by code."""

    items: list[HomeItem]
    next_cursor: str | None
    total: int | None = Field(description="how many match, on the first page only")


class HomeQuery(Page):
    """Which homes."""

    q: Search | None = Field(
        None,
        description="words in any order, each a part of the code, address, area, a person's or contact's name, its"
        " pinyin or initials, or at least 4 digits of a contact's telephone number",
    )


class BaselineHour(Answer):
    """How long a silence that reaches into this local hour usually is, at the upper end."""

    hour: int
    gap_seconds: float
    days: int = Field(description="days it was learned from")


class Home(Household, Identified):
    """One home."""

    code: str
    address: str
    area_path: str
    area_name: str
    timezone: str
    door: Door
    revision: int = Field(description="rises with each change; what a registrar writes names it")
    devices: list[DeviceDetail]
    baseline: list[BaselineHour]
    active_alerts: list[Alert]


class DayQuery(Request):
    """Which local day."""

    date: Day | None = Field(None, description="today, if not given")


class Lane(Answer):
    """One metric of one device over the day."""

    device_id: int
    type: str
    type_zh: str
    type_en: str
    room: str
    metric: str
    zh: str
    en: str
    unit: str
    unit_zh: str = Field(description="the same as people say it")
    kind: Kind
    incomplete: bool = Field(description="there was more than 2000 points can show: the earliest are left out")
    points: list[tuple[int, float]] = Field(
        description="[epoch milliseconds, value]: events and conditions as they came, quantities as 5-minute means"
    )


class HomeDay(Answer):
    """A local day of a home, as lanes of a chart."""

    date: str
    timezone: str
    since: Instant = Field(description="local midnight at which it begins")
    until: Instant = Field(description="local midnight at which it ends; with daylight saving 23 or 25 hours later")
    lanes: list[Lane]
