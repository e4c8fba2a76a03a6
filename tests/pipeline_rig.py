"""Messages through a pipeline without broker and database: pure, so every case is cheap."""

import json

from core.settings import Settings
from core.snapshot import DeviceRow, VendorRow
from ingest.draft import Draft, Message
from ingest.pipeline import UNREADABLE, Pipeline
from ingest.routes import Routes

NOW = 1_764_000_000_000_000
VENDORS = [VendorRow(1, "acme", "flat"), VendorRow(2, "beta", "senml")]
DEVICES = [
    DeviceRow("acme", "btn", 11, 101, "sos_button", False), DeviceRow("acme", "gas", 12, 101, "gas_detector", False),
    DeviceRow("acme", "old", 13, 101, "sos_button", True), DeviceRow("acme", "room", 14, 101, "climate_sensor", False),
    DeviceRow("beta", "btn", 21, 102, "sos_button", False),
]  # fmt: skip


def pipeline(**settings):
    return Pipeline(Routes(VENDORS, DEVICES), Settings(database_url="postgresql://", **settings))


def taken(topic, payload, received=NOW, *, line=None, **more):
    payload = payload if isinstance(payload, bytes) else payload.encode()
    draft = Draft(measured=True)
    (line or pipeline()).take(draft, Message(topic, payload, received, **more))
    return draft


def cried(draft):
    return UNREADABLE in draft.metric


def flood(line, topic, values, count, *, received=NOW):
    """`count` messages in one instant; all rows and letters."""
    draft = Draft(measured=True)
    for number in range(count):
        payload = json.dumps({"values": {name: value + number % 3 for name, value in values.items()}}).encode()
        line.take(draft, Message(f"sw/v1/acme/{topic}", payload, received + number))
    return draft
