"""Whose a topic is, and why a message can't be taken: what it costs to be wrong is a cry that nobody hears."""

import pytest

from core.snapshot import DeviceRow, VendorRow
from ingest.formats import FormatError, Sample
from ingest.routes import IN_STOCK, NoRoute, Routes, decode_status
from ingest.topics import TopicKind

VENDORS = [VendorRow(1, "acme", "flat"), VendorRow(2, "beta", "senml")]
DEVICES = [
    DeviceRow("acme", "btn", 11, 101, "sos_button", False), DeviceRow("acme", "old", 12, 101, "sos_button", True),
    DeviceRow("acme", "boxed", 13, None, "sos_button", False), DeviceRow("beta", "btn", 21, 102, "gas_detector", False),
]  # fmt: skip
SOS = b'{"values": {"sos": 1}}'


@pytest.fixture
def routes():
    return Routes(VENDORS, DEVICES)


def refusal(routes, topic):
    with pytest.raises(NoRoute) as refused:
        routes.route(topic)
    return refused.value


def test_two_vendors_may_use_one_serial_and_each_has_its_own_home_and_format(routes):
    acme, beta = routes.route("sw/v1/acme/btn/event"), routes.route("sw/v1/beta/btn/telemetry")
    assert (acme.vendor_id, acme.device_id, acme.home_id, acme.kind) == (1, 11, 101, TopicKind.EVENT)
    assert (beta.vendor_id, beta.device_id, beta.home_id, beta.kind) == (2, 21, 102, TopicKind.TELEMETRY)
    assert acme.decode(SOS).samples == [Sample("sos", 1.0, None)]
    assert beta.decode(b'[{"n": "gas", "v": 3}]').samples == [Sample("gas", 3.0, None)]


def test_what_may_be_an_emergency_never_goes_the_plain_way(routes):
    gas = routes.route("sw/v1/beta/btn/telemetry")
    assert {"gas", "gas_alarm"} <= gas.metrics.keys() - gas.plain.keys()
    assert "mains" in gas.plain


@pytest.mark.parametrize(
    ("topic", "code", "vendor"),
    [
        ("sw/v1/nobody/btn/event", "unknown_vendor", None),
        ("sw/v1/acme/new-1/event", "unknown_device", 1),
        ("sw/v1/acme/new 1/event", "bad_serial", 1),
        ("sw/v1/acme/old/event", "retired_device", 1),
        ("sw/v1/acme/boxed/event", IN_STOCK, 1),
        ("sw/v1/acme/btn/Event", "bad_topic", 1),
        ("sw/v1/nobody/btn", "bad_topic", None),
        ("", "bad_topic", None),
    ],
)
def test_what_cannot_be_taken_says_why_and_whose_it_is(routes, topic, code, vendor):
    found = refusal(routes, topic)
    assert (found.code, found.vendor_id) == (code, vendor)
    assert len(str(found)) > 10
    assert (found.decode is None) == (vendor is None), (
        "what it says is read, where its vendor is known: it may be a cry"
    )


def test_a_wrong_topic_of_a_device_that_hangs_in_a_home_names_the_device(routes):
    assert refusal(routes, "sw/v1/acme/btn/event/1").device == DEVICES[0]
    for serial in ("old", "boxed", "new-1"):
        assert refusal(routes, f"sw/v1/acme/{serial}/event/1").device is None, "there is no home to raise an alert in"


@pytest.mark.parametrize("topic", ["", "sw", "sw/v1", "sw/v1/acme", "a/b/c/d/e/f", "sw/v1/acme/btn"])
def test_no_topic_breaks_the_question_whose_it_is(routes, topic):
    vendor, device = routes.whose(topic)
    assert vendor in (1, None)
    assert device in (DEVICES[0], None)


def test_only_devices_in_use_count_towards_a_vendors_quota(routes):
    assert routes.fleet == {1: 2, 2: 1}
    assert routes.vendors == ["acme", "beta"]
    assert routes.vendor_rows == VENDORS


@pytest.mark.parametrize(
    "payload", [b"online", b'"online"', b" Online\n", b'{"status": "online"}', b'{ "status" : "online" }']
)
def test_a_status_may_be_plain_or_a_document(payload):
    assert decode_status(payload).samples == [Sample("online", 1.0, None)]
    assert decode_status(payload.lower().replace(b"online", b"offline")).samples == [Sample("online", 0.0, None)]


@pytest.mark.parametrize("payload", [b"", b"on", b"1", b"{}", b'{"status": 1}', b"onlineoffline", b"\xff"])
def test_a_status_that_is_neither_is_refused_and_never_taken_for_a_sign_of_life(payload):
    with pytest.raises(FormatError) as refused:
        decode_status(payload)
    assert refused.value.code == "bad_status"
