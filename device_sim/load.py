"""`shouwang simulate --rate`: a day's ordinary messages of the whole fleet, again and again, at a steady rate."""

import itertools
import logging
import threading
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from device_sim.fleet import SimulatedFleet
from device_sim.publisher import Publisher
from device_sim.schedule import Schedule

log = logging.getLogger(__name__)
STEP = 0.05  # seconds
TELL_EVERY = 5.0  # seconds
MOST_WAITING = 20_000  # messages the broker has not acknowledged: then the load waits for it


def run(fleet: SimulatedFleet, publisher: Publisher, zone: ZoneInfo, rate: float, stop: threading.Event) -> None:
    """Publish `rate` messages a second until `stop`, with the time of sending, and say how it goes."""
    midnight = datetime.now(UTC).astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    today = Schedule(fleet, zone, midnight.timestamp())
    messages = itertools.cycle(list(today.due(midnight.timestamp() + 86_399)))
    begin = told = time.monotonic()
    sent_then = 0
    while not stop.wait(STEP):
        now = time.monotonic()
        wanted = int((now - begin) * rate) - publisher.sent
        if publisher.waiting() < MOST_WAITING:
            for message in itertools.islice(messages, max(min(wanted, int(rate)), 0)):
                publisher.publish([message._replace(ts=time.time_ns() // 1000)])
        if now - told >= TELL_EVERY:
            recent = (publisher.sent - sent_then) / (now - told)
            log.info(
                "%d messages sent, %.0f a second, %d not acknowledged", publisher.sent, recent, publisher.waiting()
            )
            told, sent_then = now, publisher.sent
