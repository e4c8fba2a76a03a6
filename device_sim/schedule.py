"""What is said when: ordinary life from the signals, incidents on top, as one stream in order of time."""

import heapq
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from core.catalogue import metrics
from device_sim.fleet import Device, Home, SimulatedFleet
from device_sim.incidents import Incident
from device_sim.signals import readings
from ingest.topics import TopicKind


class Planned(NamedTuple):
    """One message: when it is sent, by which device, what it says and what time it claims (µs; None: none)."""

    at: float
    number: int  # breaks ties, so that the rest need not be compared
    home: Home
    device: Device
    values: dict[str, float]
    ts: int | None
    raw: bytes | None = None
    ordinary: bool = True

    @property
    def kind(self) -> TopicKind:
        """Urgent values go to the event topic."""
        urgent = any(
            (limit := metrics()[name].urgent_from) is not None and value >= limit for name, value in self.values.items()
        )
        return TopicKind.EVENT if urgent else TopicKind.TELEMETRY


class Schedule:
    """The stream of messages from `begin` on; incidents can be added while it runs."""

    def __init__(self, fleet: SimulatedFleet, zone: ZoneInfo, begin: float) -> None:
        self._fleet = fleet
        self._zone = zone
        self._heap: list[Planned] = []
        self._muted: dict[str, float] = {}
        self._number = 0
        self._day = datetime.fromtimestamp(begin, UTC).astimezone(zone).date()
        self._fill(self._day, begin)

    def _fill(self, on: date, after: float) -> None:
        for home in self._fleet.homes:
            for device in home.devices:
                for ts, values in _messages(self._fleet.seed, home, device, on, self._zone).items():
                    if ts / 1e6 >= after:
                        self._push(ts / 1e6, home, device, values, ts)

    def _push(
        self, at: float, home: Home, device: Device, values: dict[str, float], ts: int | None, **more: object
    ) -> None:
        self._number += 1
        heapq.heappush(self._heap, Planned(at, self._number, home, device, values, ts, **more))  # type: ignore[arg-type]

    def start(self, incident: Incident, home: Home, at: float) -> dict[Device, float]:
        """Put an incident into the stream; returns the devices it unplugs, and for how many seconds."""
        script = incident.unfold(home, random.Random(f"{home.code}/{at}"))  # noqa: S311 - a simulation
        for type_code, seconds in {**script.mute, **script.unplug}.items():
            if device := home.device(type_code):
                self._muted[device.serial] = at + seconds
        for say in script.say:
            if device := home.device(say.type):
                when = at + say.after
                claimed = int((when + say.clock) * 1000) * 1000
                self._push(when, home, device, dict(say.values), claimed, raw=say.raw, ordinary=False)
        found = {home.device(type_code): seconds for type_code, seconds in script.unplug.items()}
        return {device: seconds for device, seconds in found.items() if device}

    def due(self, now: float) -> Iterator[Planned]:
        """Every message whose time has come."""
        today = datetime.fromtimestamp(now, UTC).astimezone(self._zone).date()
        while self._day < today:
            self._day += timedelta(days=1)
            self._fill(self._day, now - 3600)
        while self._heap and self._heap[0].at <= now:
            planned = heapq.heappop(self._heap)
            if not planned.ordinary or self._muted.get(planned.device.serial, 0) < planned.at:
                yield planned


def _messages(seed: int, home: Home, device: Device, on: date, zone: ZoneInfo) -> dict[int, dict[str, float]]:
    """Values by instant: what is measured together is sent together."""
    grouped: dict[int, dict[str, float]] = {}
    for metric, ts, values in readings(seed, home, device, on, zone):
        for instant, value in zip(ts.tolist(), values.tolist(), strict=True):
            grouped.setdefault(instant, {})[metric] = value
    return grouped


def homes_for(fleet: SimulatedFleet, incident: Incident, taken: Iterable[str]) -> list[Home]:
    """Homes that have the device an incident needs and nothing else going on."""
    busy = set(taken)
    return [home for home in fleet.homes if home.code not in busy and home.device(incident.NEEDS)]
