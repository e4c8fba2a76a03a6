"""The console's days are those of the homes' zone, also where clocks are changed: held against Python's own."""

import json
import subprocess
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

CONSOLE = Path(__file__).parents[2] / "console"
ZONES = (
    "Asia/Shanghai", "Asia/Urumqi", "Europe/Berlin", "America/New_York", "America/St_Johns", "Asia/Kolkata",
    "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham", "UTC",
    "Africa/Cairo", "Asia/Beirut", "America/Havana",  # clocks are changed at midnight: a day without 00:00, or with two
    "America/Santiago", "America/Asuncion",
)  # fmt: skip
DATES = [date(2023, 1, 1) + timedelta(n) for n in range(366)]


def midnight(day, zone):
    """The first instant of a local day: Python takes the first of two, and one that is skipped as it was."""
    return int(datetime.combine(day, time(), zone).timestamp() * 1000)


def expected(name, day):
    zone, noon = ZoneInfo(name), datetime.combine(day, time(12), UTC)
    local = noon.astimezone(zone)
    chart = local.replace(tzinfo=UTC)
    return [
        midnight(day, zone), midnight(day + timedelta(1), zone), int(chart.timestamp() * 1000),
        local.date().isoformat(), local.time().isoformat(),
    ]  # fmt: skip


def test_days_and_clocks_are_those_of_the_zone():
    cases = [(zone, day) for zone in ZONES for day in DATES]
    asked = json.dumps([(zone, day.isoformat()) for zone, day in cases])
    told = subprocess.run(["node", CONSOLE / "tests/days.mjs"], input=asked, capture_output=True, check=True, text=True)
    answers = json.loads(told.stdout)
    assert answers == [expected(zone, day) for zone, day in cases]
    assert {(until - since) / 3_600_000 for since, until, *_ in answers} == {23, 23.5, 24, 24.5, 25}
