"""Messages to a draft of one transaction, with the routes of the moment. Pure.

What is wrong with a message goes to `refused`; what may be a cry for help is never only refused: its home gets a
reading of the metric `unreadable`, which a rule turns into an alert, or its letter is urgent where no home is known.
"""

import logging
from collections.abc import Iterable

from core.catalogue import Metric, metrics
from core.clock import SECOND
from core.model import Note
from core.packed import Flag
from core.refusals import RefusalCode
from core.settings import Settings
from ingest import topics
from ingest.draft import DeadLetter, Draft, Message, Repeat
from ingest.formats import Complaint, Decoded, FormatError, Sample
from ingest.normalise import Clock, in_unit, plausible
from ingest.quota import Letters, Thinning, by_device
from ingest.routes import IN_STOCK, NoRoute, Route, Routes
from ingest.topics import TopicKind
from ingest.urgency import cries, in_letter, unread

log = logging.getLogger(__name__)
ONLINE = metrics()["online"]
UNREADABLE = metrics()["unreadable"].id
TEST = metrics()["test"].id
OUR_FAULT = "Shouwang failed at reading this message; it is kept, and can be replayed once that is mended"


class Pipeline:
    """Turns messages into drafts."""

    def __init__(self, routes: Routes, settings: Settings) -> None:
        self.letters = Letters(settings)
        self._thinning = Thinning(settings)
        self._clock = Clock(settings)
        self._longest = settings.message_bytes
        self.take_up(routes)

    def take_up(self, routes: Routes) -> None:
        """Go on with another snapshot of the registry."""
        self.routes = routes
        self._thinning.resize(routes.fleet)

    def draft(self, messages: Iterable[Message]) -> Draft:
        """A draft of messages that have passed their vendor's quota, or need not: a replay, half of a batch."""
        draft = Draft()
        for message in messages:
            self.take(draft, message)
        return draft

    def take(self, draft: Draft, message: Message) -> None:
        """Add one message; this never raises."""
        draft.messages.append(message)
        try:
            self._take(draft, message)
        except Exception:  # a bug must not stop what every other home sends
            log.exception("a message could not be read")
            refusal = NoRoute("internal_error", OUR_FAULT, *self.routes.whose(message.topic))
            self._turn_away(draft, message, refusal)

    def _take(self, draft: Draft, message: Message) -> None:
        try:
            route = self.routes.route(message.topic)
        except NoRoute as refusal:
            self._turn_away(draft, message, refusal)
            return
        try:
            thin = draft.measured and self._thinning.over(route.vendor_id, message)
            self._rows(draft, message, route, route.decode(self._bounded(message.payload)), thin=thin)
        except FormatError as error:
            cry = route.kind is TopicKind.EVENT or cries(message.payload)
            self._refuse(draft, message, route, error.code, str(error), cry=cry)

    def blame(self, message: Message, row: Draft, reason: str) -> Draft:
        """A draft of a refusal: the database would not take this row."""
        vendor, _ = self.routes.whose(message.topic)
        urgent = any(flags & Flag.URGENT for flags in row.flags)
        letter = DeadLetter(message, vendor, "refused_by_database", reason, urgent=urgent)
        return Draft(refused=[*row.refused, self.letters.fold(letter, registered=True)])

    def _bounded(self, payload: bytes) -> bytes:
        if len(payload) > self._longest:
            raise FormatError("too_large", f"more than {self._longest} bytes in one message; send several messages")
        return payload

    def _rows(self, draft: Draft, message: Message, route: Route, decoded: Decoded, *, thin: bool) -> None:
        samples, complaints = decoded
        begins = len(draft)
        if not thin and not message.retained and message.qos == 1:
            done = self._plain(draft, route, samples, message.received)
            if done == len(samples) and not complaints:
                return
            samples = samples[done:]
        case = _Case(draft, message, route, thin, begins)
        for sample in samples:
            try:
                metric, value = _value(route, sample)
                ts, flags = self._clock.judge(sample.ts, message.received)
                self._reading(case, sample, metric, value, ts, flags)
                if sample.doubt is not None:
                    complaints.append(Complaint("", None, sample.doubt))  # an emergency, taken at the time of receipt
            except FormatError as error:
                complaints.append(Complaint(sample.metric, sample.value, error))
        case.close()
        if complaints:
            reason = "; ".join(dict.fromkeys(str(complaint.error) for complaint in complaints[:20]))[:1000]
            cry = unread(complaints, heard=case.heard, event=route.kind is TopicKind.EVENT)
            self._refuse(draft, message, route, complaints[0].error.code, reason, cry=cry)

    def _plain(self, draft: Draft, route: Route, samples: list[Sample], received: int) -> int:
        """Add samples up to the first that needs a second look; how many those are. Nearly always it is all."""
        said: object = samples  # no time yet
        ts = flags = 0
        known, device, home = route.plain, route.device_id, route.home_id
        for done, (name, value, at, unit, doubt) in enumerate(samples):
            reading = known.get(name)
            if at is not said:
                said = at
                ts, flags = self._clock.judge(at, received)
            if reading is None or flags or doubt is not None:
                return done
            metric, usual, low, high, binary = reading
            if not low <= value <= high or (binary and value not in (0, 1)) or (unit is not None and unit != usual):
                return done
            draft.ts.append(ts)
            draft.device.append(device)
            draft.home.append(home)
            draft.metric.append(metric)
            draft.flags.append(0)
            draft.value.append(value)
        return len(samples)

    def _reading(self, case: "_Case", sample: Sample, metric: Metric, value: float, ts: int, flags: int) -> None:
        """Add one reading, unless it is thinned or dated by nobody; raises FormatError where its time can't be read."""
        if flags & Flag.CLOCK and sample.ts is not None:
            case.note(self._clock.doubt(sample.ts, case.message.received))
        if metric.urgent_from is not None:
            case.heard = True
            if value >= metric.urgent_from:
                flags = self._emergency(case, sample, flags)
        if not flags & Flag.URGENT:
            if sample.doubt is not None:
                raise sample.doubt
            if not self._stored(case, sample, metric, value, flags):
                return
        flags |= Flag.RETAINED if case.kept else 0
        case.draft.add(ts, case.route.device_id, case.route.home_id, metric.id, flags, value)

    def _emergency(self, case: "_Case", sample: Sample, flags: int) -> int:
        """Prepare for an emergency's row; its flags."""
        flags |= Flag.CLOCK if sample.doubt is not None else 0
        if sample.ts is None or flags & Flag.CLOCK:
            self._undated(case.draft, case.message, kept=case.kept, said=sample.ts)
        case.draft.urgent = True
        return flags | Flag.URGENT | (Flag.LATE if case.kept else 0)

    def _stored(self, case: "_Case", sample: Sample, metric: Metric, value: float, flags: int) -> bool:
        """Whether a reading of a retained message, or of a vendor beyond its quota, is stored."""
        if case.kept and (sample.ts is None or flags & Flag.CLOCK):
            return False  # nobody knows when that was
        if not case.thin or metric.urgent_from is not None:
            return True
        spared = self._thinning.spare(case.route.device_id, metric.id, value, case.message.received)
        if not spared:
            case.note(Note.THINNED)
        return spared

    def _turn_away(self, draft: Draft, message: Message, refusal: NoRoute) -> None:
        """Refuse a message by its topic or its device."""
        event = topics.looks_urgent(message.topic)
        decode = refusal.decode if len(message.payload) <= self._longest else None
        cry = in_letter(message.payload, decode, event=event)
        device = refusal.device
        letter = DeadLetter(message, refusal.vendor_id, refusal.code, str(refusal), urgent=cry and device is None)
        if refusal.code == IN_STOCK and not cry:
            draft.refused.append(by_device(letter))
        else:
            draft.refused.append(self.letters.fold(letter, registered=device is not None))
        if cry and device is not None and device.home_id is not None:
            self._cry(draft, message, device.device_id, device.home_id)

    def _refuse(
        self, draft: Draft, message: Message, route: Route, code: RefusalCode, reason: str, *, cry: bool
    ) -> None:
        letter = DeadLetter(message, route.vendor_id, code, reason)
        draft.refused.append(self.letters.fold(letter, registered=True))
        if cry:
            self._cry(draft, message, route.device_id, route.home_id)

    def _cry(self, draft: Draft, message: Message, device: int, home: int) -> None:
        """An emergency that can't be read is a reading too, and so becomes an alert like any other."""
        spare = self._thinning.spare
        if draft.measured and not message.retained and not spare(device, UNREADABLE, 1.0, message.received, SECOND):
            return  # it was raised within this second
        self._undated(draft, message, kept=message.retained)
        flags = Flag.URGENT | (Flag.RETAINED | Flag.LATE if message.retained else 0)
        draft.add(message.received, device, home, UNREADABLE, flags, 1.0)
        draft.urgent = True

    def _undated(self, draft: Draft, message: Message, *, kept: bool, said: int | None = None) -> None:
        """Remember an emergency by what it says: the broker may repeat it. Called before its row is added."""
        if kept:
            draft.repeats[len(draft)] = Repeat(message.digest, said)
        elif self.letters.remember(self.routes.whose(message.topic)[0], message.received):
            draft.cries.add(message.digest)


class _Case:
    """One message that is not quite ordinary, on its way into a draft."""

    __slots__ = ("begins", "draft", "heard", "kept", "message", "route", "thin")

    def __init__(self, draft: Draft, message: Message, route: Route, thin: bool, begins: int) -> None:
        self.draft, self.message, self.route, self.thin = draft, message, route, thin
        self.begins = begins  # the draft's row at which its readings begin
        self.kept = message.retained and route.kind is not TopicKind.STATUS  # the broker's copy of a reading
        self.heard = False  # a metric that can be an emergency was read

    def note(self, note: Note) -> None:
        """Tell the vendor."""
        self.draft.notes[self.route.device_id, note] += 1

    def close(self) -> None:
        """Tell the vendor of what concerns the message as a whole; a test flag goes with the emergency beside it."""
        flags = self.draft.flags
        if any(flag & Flag.URGENT for flag in flags[self.begins :]):
            for row in range(self.begins, len(flags)):
                if self.draft.metric[row] == TEST:
                    flags[row] |= Flag.URGENT  # else it would be judged after it
        if self.message.qos == 0:
            self.note(Note.QOS_0)
        if self.kept:
            self.note(Note.RETAINED)


def _value(route: Route, sample: Sample) -> tuple[Metric, float]:
    metric = route.metrics.get(sample.metric)
    if metric is None:
        if sample.metric != ONLINE.name:
            known = ", ".join(route.metrics)
            raise FormatError("unknown_metric", f"{sample.metric[:40]!r} is not measured by this device type: {known}")
        metric = ONLINE
    value = in_unit(sample.value, sample.unit, metric)
    if complaint := plausible(value, metric):
        raise FormatError("implausible", complaint)
    return metric, value
