"""A refused message is shown whatever bytes it holds."""

import base64
from datetime import UTC, datetime

import pytest

from api.dead_letters.models import DeadLetter
from ingest.letters.store import Letter

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROW = {
    "id": 1, "received_at": NOW, "last_at": NOW, "vendor_code": "acme", "topic": "sw/v1/acme/x/event",
    "payload_bytes": 3, "code": "not_json", "reason": "is no JSON", "count": 1, "replay_requested_at": None,
    "replayed_at": None, "whole": True, "urgent": True, "answered_at": None, "answered_by": None, "answer": "",
}  # fmt: skip


@pytest.mark.parametrize("payload", [b"", b'{"sos": 1}', b"\xff\x00\xfe", "守望".encode()[:4]])
def test_its_bytes_are_shown_as_text_and_kept_as_they_were(payload):
    letter = DeadLetter.of(Letter(**ROW, payload=payload))
    assert base64.b64decode(letter.payload_base64) == bytes(payload)
    assert letter.payload_text == bytes(payload).decode("utf-8", "replace")
    assert letter.model_dump_json()
