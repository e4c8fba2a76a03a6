"""What one vendor may send before it is thinned, and what of its refused messages is kept. Pure; time is an argument.

The bounds are generous: they are for floods, not for fleets. A backlog after an outage passes by the burst. Nothing
here ever holds back a metric that can be an emergency. Several workers each count what they see.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.clock import DAY, SECOND
from core.settings import Settings
from ingest.draft import DeadLetter, Message

MESSAGE_BYTES = 1024  # of a message, on average over the burst
AT_LEAST = 500.0  # messages a second, however few devices a vendor has
THINNED_TO = 10 * SECOND  # over its quota a vendor has one reading per device and metric stored in so long …
CHANGED_AFTER = SECOND  # … or, where the value is another one, in so long
REMEMBERED = 200_000  # devices and metrics that are thinned: the oldest are forgotten first


@dataclass(slots=True)
class Bucket:
    """A token bucket: `rate` a second on average, `burst` at once."""

    rate: float
    burst: float
    tokens: float
    at: int  # µs

    def take(self, amount: float, now: int) -> bool:
        """Whether so much is within the quota; what is not costs nothing."""
        if now > self.at:
            self.tokens = min(self.burst, self.tokens + (now - self.at) / SECOND * self.rate)
            self.at = now
        if self.tokens < amount:
            return False
        self.tokens -= amount
        return True


class Thinning:
    """Messages and bytes a second per vendor; beyond them, which readings are still stored."""

    def __init__(self, settings: Settings) -> None:
        self._per_device = settings.vendor_rate
        self._seconds = settings.vendor_burst.total_seconds()
        self._buckets: dict[int, tuple[Bucket, Bucket]] = {}
        self._lock = threading.Lock()  # two writers
        self._kept: OrderedDict[tuple[int, int], tuple[int, float]] = OrderedDict()

    def resize(self, fleet: Mapping[int, int]) -> None:
        """Take up how many devices each vendor (by id) has."""
        for vendor, devices in fleet.items():
            rate = max(AT_LEAST, self._per_device * devices)
            messages, size = self._buckets.get(vendor, (None, None))
            if messages is None or size is None:
                burst = rate * self._seconds
                messages = Bucket(rate, burst, burst, 0)
                size = Bucket(rate * MESSAGE_BYTES, burst * MESSAGE_BYTES, burst * MESSAGE_BYTES, 0)
                self._buckets[vendor] = messages, size
            messages.rate, messages.burst = rate, rate * self._seconds
            size.rate, size.burst = rate * MESSAGE_BYTES, rate * self._seconds * MESSAGE_BYTES

    def over(self, vendor: int, message: Message) -> bool:
        """Whether this message is beyond its vendor's quota."""
        buckets = self._buckets.get(vendor)
        if buckets is None:
            return False
        within = buckets[0].take(1, message.received)
        return not (buckets[1].take(len(message.payload), message.received) and within)

    def spare(self, device: int, metric: int, value: float, now: int, every: int = THINNED_TO) -> bool:
        """Whether a reading beyond the quota is stored all the same."""
        key = device, metric
        with self._lock:
            known = self._kept.get(key)
            if known and 0 <= now - known[0] < (every if value == known[1] else CHANGED_AFTER):
                return False
            self._kept[key] = now, value
            self._kept.move_to_end(key)
            if len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)
        return True


def by_device(letter: DeadLetter) -> DeadLetter:
    """The letter as one of its device's day and code: counted, without what it said."""
    message = letter.message
    topic = "/".join(message.topic.split("/")[:4])
    return letter._replace(
        message=message._replace(topic=topic[:200], payload=b""), whole=False,
        folded=f"{topic} {letter.code} {message.received // DAY}",
    )  # fmt: skip


@dataclass(slots=True)
class Day:
    """A vendor's refused messages of one UTC day."""

    number: int
    letters: int = 0
    urgent: int = 0  # letters that people must look at have a number of their own: junk can't use it up
    size: int = 0  # bytes
    cries: int = 0  # digests of emergencies without a time of their own
    digests: set[bytes] = field(default_factory=set)


class Letters:
    """Refused messages per vendor and day: so many are kept whole, the rest is counted by device and reason."""

    def __init__(self, settings: Settings) -> None:
        self._most = settings.vendor_letters
        self._bytes = settings.vendor_letter_bytes
        self._longest = settings.message_bytes
        self._days: dict[int | None, Day] = {}

    def resume(self, kept: Mapping[int, tuple[int, int]], now: int) -> None:
        """After a start: how many letters and bytes of each vendor (by id) are there today."""
        self._days |= {vendor: Day(now // DAY, letters, size) for vendor, (letters, size) in kept.items()}

    def fold(self, letter: DeadLetter, *, registered: bool) -> DeadLetter:
        """The letter as it is kept. Without a registered device all of a vendor's are counted together."""
        message = letter.message
        if len(message.payload) > self._longest:
            letter = self._cut(letter)
        day = self._day(letter.vendor_id, message.received)
        if letter.digest in day.digests:
            return letter
        if day.letters < self._most and day.size + len(letter.message.payload) <= self._bytes:
            day.letters += 1
            day.size += len(letter.message.payload)
            day.digests.add(letter.digest)
            return letter
        if letter.urgent and day.urgent < self._most:
            letter = self._cut(letter)
            day.urgent += letter.digest not in day.digests
            day.digests.add(letter.digest)
            return letter
        return self._counted(letter, day, registered=registered)

    @staticmethod
    def _cut(letter: DeadLetter) -> DeadLetter:
        message = letter.message
        if len(message.payload) <= MESSAGE_BYTES:
            return letter
        return letter._replace(message=message._replace(payload=message.payload[:MESSAGE_BYTES]), whole=False)

    def remember(self, vendor: int | None, received: int) -> bool:
        """Whether one more emergency without a time of its own is remembered by what it says."""
        day = self._day(vendor, received)
        day.cries += 1
        return day.cries <= self._most

    def _day(self, vendor: int | None, received: int) -> Day:
        day = self._days.get(vendor)
        if day is None or day.number < received // DAY:
            day = self._days[vendor] = Day(received // DAY)
        return day

    def _counted(self, letter: DeadLetter, day: Day, *, registered: bool) -> DeadLetter:
        topic = "/".join(letter.message.topic.split("/")[: 4 if registered else 3])
        reason = (
            f"more refused messages today than are kept whole: counted by device and code, such as: {letter.reason}"
        )
        return letter._replace(
            message=letter.message._replace(topic=topic[:200], payload=b""), reason=reason[:1000],
            folded=f"{topic} {letter.code} {day.number} {letter.urgent}", whole=False,
        )  # fmt: skip
