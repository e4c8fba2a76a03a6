"""Which device a topic means: the registry as each worker keeps it in memory."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from core.catalogue import Metric, device_types
from ingest.formats import FormatError, Sample, discover
from ingest.topics import Topic, TopicError, TopicKind, parse


class DeviceRow(NamedTuple):
    """One device as the database has it."""

    vendor_id: int
    vendor: str
    vendor_format: str
    serial: str
    device_id: int
    home_id: int
    type: str
    retired: bool


class Refusal(Exception):
    """The message can't be taken at all; `code` classes why, `vendor_id` says whose it is where that is known."""

    def __init__(self, code: str, reason: str, vendor_id: int | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.vendor_id = vendor_id


class Route(NamedTuple):
    """What to do with the messages of one topic."""

    vendor_id: int
    device_id: int
    home_id: int
    metrics: dict[str, Metric]
    decode: Callable[[bytes], list[Sample]]


class Registry:
    """An immutable snapshot; a change of the database makes a new one."""

    def __init__(self, vendors: Iterable[tuple[str, int]], devices: Iterable[DeviceRow]) -> None:
        self._vendors = dict(vendors)
        self._devices = {(device.vendor, device.serial): device for device in devices}
        self._routes: dict[str, Route] = {}

    @property
    def vendors(self) -> list[str]:
        """Every vendor's code."""
        return list(self._vendors)

    def route(self, topic: str) -> Route:
        """The route of a topic; raises Refusal."""
        known = self._routes.get(topic)
        if known is None:
            known = self._routes[topic] = self._find(topic)
        return known

    def _find(self, topic: str) -> Route:
        try:
            parsed = parse(topic)
        except TopicError as error:
            raise Refusal("bad_topic", str(error)) from None
        vendor_id = self._vendors.get(parsed.vendor)
        if vendor_id is None:
            raise Refusal("unknown_vendor", f"vendor {parsed.vendor!r} is not registered")
        device = self._devices.get((parsed.vendor, parsed.device))
        if device is None:
            reason = f"device {parsed.device!r} is not registered; kept, and taken once it is"
            raise Refusal("unknown_device", reason, vendor_id)
        if device.retired:
            raise Refusal("retired_device", f"device {parsed.device!r} was taken out of service", vendor_id)
        return self._route_of(device, parsed)

    @staticmethod
    def _route_of(device: DeviceRow, topic: Topic) -> Route:
        kind = device_types()[device.type]
        if topic.kind is TopicKind.STATUS:
            decode = decode_status
        else:
            decode = discover()[kind.format or device.vendor_format].decode
        return Route(device.vendor_id, device.device_id, device.home_id, dict(kind.metrics), decode)


def decode_status(payload: bytes) -> list[Sample]:
    """`online` or `offline`, plain or as {"status": …}, to a sample of the metric `online`; raises FormatError."""
    word = payload.strip().strip(b'"').lower()
    if word.startswith(b"{"):
        word = word.replace(b" ", b"").removeprefix(b'{"status":"').removesuffix(b'"}')
    if word not in (b"online", b"offline"):
        raise FormatError("bad_status", 'a status is online or offline, plain or as {"status": "online"}')
    return [Sample("online", float(word == b"online"), None)]
