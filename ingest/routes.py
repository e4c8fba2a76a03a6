"""Which device a topic means: what each worker keeps of the registry in memory."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Final, NamedTuple

from core.catalogue import Kind, Metric, device_types
from core.refusals import RefusalCode
from core.snapshot import DeviceRow, VendorRow
from ingest import topics
from ingest.formats import Decoded, FormatError, Sample, discover
from ingest.topics import Topic, TopicError, TopicKind
from registry.register import SERIAL

RETRY = "kept, and taken once it is"
IN_STOCK: Final = "device_in_stock"


class Plain(NamedTuple):
    """Of a metric that can't be an emergency, what its readings are checked by."""

    id: int
    unit: str
    low: float
    high: float
    binary: bool  # 0 or 1


class Route(NamedTuple):
    """What to do with the messages of one topic."""

    vendor_id: int
    device_id: int
    home_id: int
    kind: TopicKind
    metrics: Mapping[str, Metric]
    plain: Mapping[str, Plain]
    decode: Callable[[bytes], Decoded]


class NoRoute(Exception):
    """The message can't be taken at all; `code` classes why, `vendor_id` says whose it is where that is known.

    `device` is whose it seems to be, though its topic is wrong; `decode` is how its vendor writes payloads.
    """

    def __init__(
        self,
        code: RefusalCode,
        reason: str,
        vendor_id: int | None = None,
        device: DeviceRow | None = None,
        decode: Callable[[bytes], Decoded] | None = None,
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.vendor_id = vendor_id
        self.device = device
        self.decode = decode


class Routes:
    """From a snapshot of the registry, never changed; a change of the database makes a new one."""

    def __init__(self, vendors: Iterable[VendorRow], devices: Iterable[DeviceRow]) -> None:
        self._vendors = {vendor.code: vendor for vendor in vendors}
        self._devices = {(device.vendor, device.serial): device for device in devices}
        self._routes: dict[str, Route] = {}
        self.fleet = dict.fromkeys((vendor.id for vendor in self._vendors.values()), 0)  # devices by vendor id
        for device in self._devices.values():
            self.fleet[self._vendors[device.vendor].id] += not device.retired

    @property
    def vendors(self) -> list[str]:
        """Every vendor's code."""
        return list(self._vendors)

    @property
    def vendor_rows(self) -> list[VendorRow]:
        """Every vendor."""
        return list(self._vendors.values())

    def route(self, topic: str) -> Route:
        """The route of a topic; raises NoRoute."""
        known = self._routes.get(topic)
        if known is None:
            known = self._routes[topic] = self._find(topic)
        return known

    def whose(self, topic: str) -> tuple[int | None, DeviceRow | None]:
        """(vendor id, device in a home) that the first levels of a topic name, whatever follows them."""
        levels = topic.split("/")
        vendor = self._vendors.get(levels[2]) if len(levels) > 2 else None
        device = self._devices.get((levels[2], levels[3])) if len(levels) > 3 else None
        return vendor and vendor.id, None if device is None or device.retired or device.home_id is None else device

    def _find(self, topic: str) -> Route:
        try:
            parsed = topics.parse(topic)
        except TopicError as error:
            raise self._misdirected(topic, str(error)) from None
        vendor = self._vendors.get(parsed.vendor)
        if vendor is None:
            raise NoRoute("unknown_vendor", f"vendor {parsed.vendor!r} is not registered")
        device = self._devices.get((parsed.vendor, parsed.device))
        if device is None:
            raise _unknown(vendor, parsed.device)
        if device.retired:
            reason = f"device {parsed.device!r} was taken out of service"
            raise NoRoute("retired_device", reason, vendor.id, decode=_decoder(vendor, device))
        if device.home_id is None:
            reason = (
                f"device {parsed.device!r} is in stock: it hangs in no home; what it says is taken from when it does"
            )
            raise NoRoute(IN_STOCK, reason, vendor.id, decode=_decoder(vendor, device))
        return self._route_of(vendor, device, device.home_id, parsed)

    def _misdirected(self, topic: str, reason: str) -> NoRoute:
        vendor_id, device = self.whose(topic)
        vendor = self._vendors[topic.split("/")[2]] if vendor_id else None
        return NoRoute("bad_topic", reason, vendor_id, device, _decoder(vendor, device) if vendor else None)

    @staticmethod
    def _route_of(vendor: VendorRow, device: DeviceRow, home: int, topic: Topic) -> Route:
        decode = decode_status if topic.kind is TopicKind.STATUS else _decoder(vendor, device)
        metrics, plain = _measured(device.type)
        return Route(vendor.id, device.device_id, home, topic.kind, metrics, plain, decode)


@cache
def _measured(device_type: str) -> tuple[dict[str, Metric], dict[str, Plain]]:
    """A device type's metrics by name, and those that can't be an emergency."""
    metrics = dict(device_types()[device_type].metrics)
    return metrics, {
        name: Plain(metric.id, metric.unit, metric.low, metric.high, metric.kind in (Kind.BINARY, Kind.EVENT))
        for name, metric in metrics.items()
        if metric.urgent_from is None
    }


def _unknown(vendor: VendorRow, serial: str) -> NoRoute:
    """A device that could be registered is waited for; one that never can be is told so."""
    code: RefusalCode = "unknown_device"
    if SERIAL.fullmatch(serial):
        reason = f"device {serial!r} is not registered; {RETRY}"
    else:
        code = "bad_serial"
        reason = (
            f"device {serial[:80]!r} can't be registered: a serial is 1 to 64 of letters, digits and _ . : -;"
            " change what the terminal puts into its topic"
        )
    return NoRoute(code, reason, vendor.id, decode=_decoder(vendor, None))


def _decoder(vendor: VendorRow, device: DeviceRow | None) -> Callable[[bytes], Decoded]:
    own = device_types()[device.type].format if device else None
    return discover()[own or vendor.format].decode


def decode_status(payload: bytes) -> Decoded:
    """`online` or `offline`, plain or as {"status": …}, to a sample of the metric `online`; raises FormatError."""
    word = payload.strip().strip(b'"').lower()
    if word.startswith(b"{"):
        word = word.replace(b" ", b"").removeprefix(b'{"status":"').removesuffix(b'"}')
    if word not in (b"online", b"offline"):
        raise FormatError("bad_status", 'a status is online or offline, plain or as {"status": "online"}')
    return Decoded([Sample("online", float(word == b"online"), None)], [])
