"""The simulator's loop: ordinary life in real time, and incidents when they are asked for."""

import json
import logging
import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from device_sim.fleet import Device, SimulatedFleet
from device_sim.incidents import discover
from device_sim.publisher import Publisher
from device_sim.schedule import Schedule, homes_for

log = logging.getLogger(__name__)
# The demo's first minutes: (seconds after the start, incident). Later ones come by chance.
OPENING = (
    (6, "sos_by_mistake"), (10, "battery_dying"), (14, "garbage_payloads"), (20, "water_leak"), (28, "fire"),
    (35, "gas_left_on"), (45, "illness"), (55, "cold_room"), (65, "door_left_open"), (75, "wrong_clock"),
    (90, "terminal_unplugged"), (120, "fall_in_bathroom"),
)  # fmt: skip
PAUSE = (240.0, 480.0)  # seconds between two incidents of a running demo
RARE = ("collapse",)  # takes half a day to be found


@dataclass
class Simulation:
    """A fleet living in real time."""

    fleet: SimulatedFleet
    publisher: Publisher
    zone: ZoneInfo
    labels: Path | None = None
    _busy: list[str] = field(default_factory=list)
    _to_plug: list[tuple[float, Device]] = field(default_factory=list)

    def run(
        self, stop: threading.Event, *, demo: bool = False, first: list[tuple[str, str | None]] | None = None
    ) -> None:  # fmt: skip
        """Publish until `stop`; `first` names incidents (and a home's code) to begin with."""
        begin = time.time()
        schedule = Schedule(self.fleet, self.zone, begin)
        log.info("%d homes, %d terminals", len(self.fleet.homes), sum(len(h.devices) for h in self.fleet.homes))
        pending: list[tuple[float, str, str | None]] = []
        pending += [(begin + after, name, None) for after, name in OPENING] if demo else []
        pending += [(begin + 1, name, home) for name, home in first or []]
        chance = random.Random(begin)  # noqa: S311 - a simulation
        next_one = begin + 180 if demo else float("inf")
        while not stop.wait(0.1):
            now = time.time()
            if now >= next_one:
                name = chance.choice([name for name in discover() if name not in RARE])
                pending.append((now, name, None))
                next_one = now + chance.uniform(*PAUSE)
            for item in [item for item in pending if item[0] <= now]:
                pending.remove(item)
                self._begin(schedule, item[1], item[2], now, chance)
            for due in [due for due in self._to_plug if due[0] <= now]:
                self._to_plug.remove(due)
                self.publisher.plug(due[1])
            self.publisher.publish(schedule.due(now))

    def _begin(self, schedule: Schedule, name: str, code: str | None, now: float, chance: random.Random) -> None:
        incident = discover()[name]
        homes = [self.fleet.home(code)] if code else homes_for(self.fleet, incident, self._busy)
        if not homes:
            log.warning("no home is free for %s", name)
            return
        home = chance.choice(homes)
        self._busy = [*self._busy, home.code][-20:]
        for unplugged, seconds in schedule.start(incident, home, now).items():
            self.publisher.unplug(unplugged)
            self._to_plug.append((now + seconds, unplugged))
        device = home.device(incident.NEEDS)
        label = {
            "incident": name, "home": home.code, "device": device.serial if device else None,
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)), "expect": list(incident.EXPECT),
            "within_seconds": incident.WITHIN,
        }  # fmt: skip
        log.info("incident %s in %s", name, home.code)
        if self.labels:
            self.labels.parent.mkdir(parents=True, exist_ok=True)
            with self.labels.open("a", encoding="utf-8") as file:
                file.write(json.dumps(label, ensure_ascii=False) + "\n")
