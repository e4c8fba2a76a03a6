"""Messages to a draft of one transaction, with the registry of the moment. Pure."""

import logging
from collections.abc import Iterable

from core.catalogue import Metric, metrics
from core.packed import Flag
from core.settings import Settings
from ingest.draft import DeadLetter, Draft, Message
from ingest.formats import FormatError, Sample
from ingest.normalise import Clock, in_unit, plausible
from ingest.registry import Refusal, Registry, Route

log = logging.getLogger(__name__)
ONLINE = metrics()["online"]
UNBOUNDED = float("inf")
OUR_FAULT = "Shouwang failed at reading this message; it is kept, and can be replayed once that is mended"


class Pipeline:
    """Turns messages into drafts with the registry of the moment."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self.registry = registry
        self._clock = Clock(settings)

    def draft(self, messages: Iterable[Message]) -> Draft:
        """A draft of all these messages."""
        draft = Draft()
        for message in messages:
            self.take(draft, message)
        return draft

    def take(self, draft: Draft, message: Message) -> None:
        """Add one message. What is wrong with it goes to `refused`; this never raises."""
        draft.messages.append(message)
        vendor_id = None
        try:
            route = self.registry.route(message.topic)
            vendor_id = route.vendor_id
            self._rows(draft, message, route, route.decode(message.payload))
        except Refusal as refusal:
            draft.refused.append(DeadLetter(message, refusal.vendor_id, refusal.code, str(refusal)))
        except FormatError as error:
            draft.refused.append(DeadLetter(message, vendor_id, error.code, str(error)))
        except Exception:  # a bug in a format must not stop what every other home sends
            log.exception("a message on %s could not be read", message.topic)
            draft.refused.append(DeadLetter(message, vendor_id, "internal_error", OUR_FAULT))

    def _rows(self, draft: Draft, message: Message, route: Route, samples: list[Sample]) -> None:
        complaints: list[FormatError] = []
        for sample in samples:
            try:
                metric, value = _value(route, sample)
            except FormatError as error:
                complaints.append(error)
                continue
            ts, flags = self._clock.judge(sample.ts, message.received)
            if value >= (UNBOUNDED if metric.urgent_from is None else metric.urgent_from):
                flags |= Flag.URGENT
                draft.urgent = True
            draft.ts.append(ts)
            draft.device.append(route.device_id)
            draft.home.append(route.home_id)
            draft.metric.append(metric.id)
            draft.flags.append(flags)
            draft.value.append(value)
        if complaints:
            reason = "; ".join(dict.fromkeys(map(str, complaints)))[:1000]
            draft.refused.append(DeadLetter(message, route.vendor_id, complaints[0].code, reason))


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
