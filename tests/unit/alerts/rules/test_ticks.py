"""What a tick finds agrees with a plain, slow reading of each rule, home by home, whatever the fleet has heard."""

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.judging.fleet import Fleet
from alerts.rules import discover
from core.catalogue import device_types

MINUTE, HOUR = 60_000_000, 3_600_000_000
MIDNIGHT = 1_764_000_000_000_000 // (24 * HOUR) * 24 * HOUR
ZONE = ZoneInfo("Asia/Shanghai")
HOMES = 12


def fleet_of(seed: int, now: int) -> Fleet:
    """Homes with any devices in them, which were heard or not, lately or long ago, and say anything possible."""
    random = np.random.default_rng(seed)
    codes = list(device_types())
    devices = [(number, int(random.integers(1, HOMES)), str(random.choice(codes))) for number in range(1, 9 * HOMES)]
    fleet = Fleet.build(list(range(1, HOMES + 1)), devices, zone=ZONE)
    count = len(fleet.device_ids)

    def ago(length, hours):
        return now - random.exponential(hours * HOUR, length).astype(np.int64)

    fleet.installed_at[:] = ago(count, 20)
    mute = random.random(count) < np.where(random.random(HOMES) < 0.3, 0.95, 0.1)[fleet.device_home]
    fleet.last_seen[:] = np.where(mute, 0, ago(count, 3))
    fleet.last_life[:] = np.where(random.random(HOMES) < 0.1, 0, ago(HOMES, 12))
    fleet.last_life_device[:] = random.integers(-1, count, HOMES)
    doors = fleet.column("door_open")
    by_the_door = random.random(len(doors)) < 0.6
    fleet.last_life_device[doors.home[by_the_door]] = doors.device[by_the_door]
    fleet.baseline[:] = np.where(random.random((HOMES, 24)) < 0.3, np.nan, random.exponential(9000, (HOMES, 24)))
    fleet.person("spo2_scale")[:] = random.integers(1, 3, HOMES)
    for column in fleet.slots.columns.values():
        never = random.random(len(column)) < 0.2
        column.ts[:] = np.where(never, 0, ago(len(column), 0.5))
        column.since[:] = np.where(never, 0, column.ts - random.integers(0, HOUR, len(column)))
        low, high = column.metric.low, min(column.metric.high, 240)
        said = random.integers(0, 2, len(column)) if high == 1 else random.uniform(low, high, len(column))
        column.value[:] = np.where(never, np.nan, said)
    return fleet


class Plain:
    """The rules' sentences, read for one home after another."""

    def __init__(self, fleet, now):
        self.fleet, self.now = fleet, now
        self.watching = now if now - fleet.last_seen.max() > 10 * MINUTE else 0

    def slots(self, name, home):
        column = self.fleet.column(name)
        return [
            (int(column.device[row]), float(column.value[row]), int(column.ts[row]), int(column.since[row]))
            for row in range(len(column))
            if column.home[row] == home
        ]

    def devices(self, home):
        return [row for row in range(len(self.fleet.device_ids)) if self.fleet.device_home[row] == home]

    def hour(self, us):
        return datetime.fromtimestamp(us // 1_000_000, UTC).astimezone(ZONE).hour

    def dark(self, us):
        return self.hour(us) >= 23 or self.hour(us) < 5

    def still(self, home):
        return self.now - max(int(self.fleet.last_life[home]), self.watching)

    def away(self, home):
        door = [device for device, value, _, since in self.slots("door_open", home) if value == 0 and since]
        inside = [slot for name in ("presence", "in_bed") for slot in self.slots(name, home) if slot[1] == 1]
        return self.fleet.last_life[home] > 0 and self.fleet.last_life_device[home] in door and not inside

    def spoken_for(self, home):
        return any(
            self.now - self.fleet.last_seen[row] <= self.fleet.silent_after[row]
            and any(metric.life for metric in self.fleet.types[self.fleet.device_type[row]].metrics.values())
            for row in self.devices(home)
        )

    def known(self, row):
        return max(int(self.fleet.last_seen[row]), int(self.fleet.installed_at[row]), self.watching)

    def device_silent(self, home):
        cut = {s[0]: s[3] for s in self.slots("online", home) if s[1] == 0 and self.now - s[3] > 10 * MINUTE}
        silent = [
            row
            for row in self.devices(home)
            if row in cut or self.now - self.known(row) > int(self.fleet.silent_after[row])
        ]
        kinds = [self.fleet.types[kind].code for kind in self.fleet.device_type]
        since = {row: cut.get(row, self.known(row)) for row in silent}
        worst = max(silent, key=lambda row: (kinds[row] == "gateway", since[row]), default=None)
        return (None if worst is None else (worst, since[worst])), not silent

    def battery_low(self, home):
        levels = self.slots("battery", home)
        worst = min((slot for slot in levels if slot[1] <= 20), key=lambda slot: slot[1], default=None)
        flagged = [slot for slot in self.slots("battery_low", home) if slot[1] == 1]
        worst = worst or next(iter(flagged), None)
        return worst and (worst[0], self.now), not flagged and not any(slot[1] < 30 for slot in levels)

    def door_open(self, home):
        doors, dark = self.slots("door_open", home), self.dark(self.now)
        opened = [slot for slot in doors if slot[1] == 1]
        long = [slot for slot in opened if self.now - slot[3] > (5 if dark else 30) * MINUTE]
        newest = max(long, key=lambda slot: slot[3], default=None)
        left = int(self.fleet.last_life[home])
        missing = self.away(home) and self.dark(left) and 15 * MINUTE < self.now - left < 12 * HOUR
        found = newest and (newest[0], newest[3])
        if found is None and missing and dark:
            found = int(self.fleet.last_life_device[home]), left
        return found, not opened and not missing

    def no_sign_of_life(self, home):
        usual = float(self.fleet.baseline[home, self.hour(self.now)])
        limit = min(max(8 * HOUR if math.isnan(usual) else usual * 1.5e6, 2 * HOUR), 12 * HOUR)
        if any(slot[1] == 1 for slot in self.slots("in_bed", home)):
            signs = [slot[2] for name in ("heart_rate", "breathing_rate") for slot in self.slots(name, home) if slot[2]]
            limit = limit if signs else max(limit, 10 * HOUR)
            limit = 14 * HOUR if any(self.now - ts < 20 * MINUTE for ts in signs) else limit
        still, judged = self.still(home), self.fleet.last_life[home] > 0 and self.spoken_for(home)
        found = judged and still > limit and not self.away(home)
        return (self._last_sign(home) if found else None), still < limit / 2

    def not_back(self, home):
        still, away = self.still(home), self.away(home)
        found = away and self.spoken_for(home) and still > 12 * HOUR
        return (self._last_sign(home) if found else None), not away or still < 6 * HOUR

    def vital_signs(self, home):
        """Only where it is over; its findings come with what arrives."""
        edges = {"heart_rate": (40, 131), "breathing_rate": (8, 25), "systolic": (90, 220), "spo2": (91, math.inf)}
        if self.fleet.person("spo2_scale")[home] == 2:
            edges["spo2"] = 83, math.inf
        fresh = [
            (value, *edges[name])
            for name in edges
            for _, value, ts, _ in self.slots(name, home)
            if self.now - ts < HOUR
        ]
        return None, bool(fresh) and all(low + 2 < value < high - 2 for value, low, high in fresh)

    def _last_sign(self, home):
        return int(self.fleet.last_life_device[home]), max(int(self.fleet.last_life[home]), self.watching)


RULES = ["device_silent", "battery_low", "door_open", "no_sign_of_life", "not_back", "vital_signs"]


@pytest.mark.parametrize("name", RULES)
@given(seed=st.integers(0, 2**32), hour=st.integers(0, 23), watched=st.booleans())
def test_a_tick_finds_and_clears_what_the_rules_sentence_says(name, seed, hour, watched):
    now = MIDNIGHT + hour * HOUR
    fleet = fleet_of(seed, now)
    if watched:
        fleet.last_seen[0] = now
    else:  # an outage of our own
        fleet.last_seen[:] = np.maximum(fleet.last_seen - 24 * HOUR, 0)
    rule, plain = discover()[name], Plain(fleet, now)
    found = rule.tick(fleet, now, rule.over(fleet))
    expected = [getattr(plain, name)(home) for home in range(HOMES)]
    assert found.clear.tolist() == [clear for _, clear in expected]
    assert dict(zip(found.home.tolist(), zip(found.device.tolist(), found.at.tolist(), strict=True), strict=True)) == {
        home: what for home, (what, _) in enumerate(expected) if what
    }


def finds(name, fleet, now):
    """Whether the rule's sentence holds of some home, its fleet being heard."""
    fleet.last_seen[0] = now
    return any(getattr(Plain(fleet, now), name)(home)[0] for home in range(HOMES))


@pytest.mark.parametrize("name", RULES[:-1])
def test_such_fleets_have_homes_for_each_rule_to_find(name):
    now = MIDNIGHT + 3 * HOUR
    fleets = (fleet_of(seed, now) for seed in range(40))
    assert any(finds(name, fleet, now) for fleet in fleets)
