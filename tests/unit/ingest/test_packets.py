"""Packets out of a stream, held against paho's own decoding; the stream may be cut anywhere."""

import paho.mqtt.client as mqtt
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from paho.mqtt import _packet
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.exception import MalformedPacket
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ingest.draft import Message
from ingest.packets import Malformed, acknowledgements, split
from tests.hostile_broker import length, publish

PINGRESP, CONNACK, SUBACK = b"\xd0\x00", b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x01"


@st.composite
def v5_properties(draw):
    properties = Properties(PacketTypes.PUBLISH)
    if draw(st.booleans()):
        properties.MessageExpiryInterval = draw(st.integers(0, 2**32 - 1))
    if draw(st.booleans()):
        properties.ResponseTopic = draw(st.text("abc/", max_size=200))
    return properties.pack()


topics = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60).map(
    str.encode
)
payloads = st.binary(max_size=40) | st.integers(120, 20_000).map(bytes)
fields = {
    "topic": topics, "payload": payloads, "qos": st.integers(0, 2), "packet_id": st.integers(1, 65535),
    "retain": st.booleans(),
}  # fmt: skip
published = st.builds(publish, **fields)
published_v5 = st.builds(publish, properties=v5_properties(), **fields)
other = st.sampled_from([PINGRESP, CONNACK, SUBACK])


def by_paho(packet, v5):
    """What paho makes of one PUBLISH; raises MalformedPacket."""
    start = 2
    while packet[start - 1] > 127:
        start += 1
    version = MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311
    found = _packet.decode_publish(packet[0], packet[start:], version)
    return found.topic.decode("utf-8", "replace"), bytes(found.payload), found.retain, found.qos, found.mid


def ours(messages):
    return [(m.topic, m.payload, m.retained, m.qos, int.from_bytes(m.packet_id, "big")) for m in messages]


@pytest.mark.parametrize("v5", [False, True])
@given(data=st.data())
def test_every_packet_is_read_as_paho_reads_it_wherever_the_stream_is_cut(v5, data):
    packets = data.draw(st.lists((published_v5 if v5 else published) | other, max_size=8))
    stream = b"".join(packets)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    messages, others, rest, wanted = [], b"", b"", 0
    for first, last in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        rest += stream[first:last]
        if len(rest) < wanted:
            assert split(rest, 1, v5=v5).used == 0, "nothing is whole before there is as much as was wanted"
        found = split(rest, 1, v5=v5)
        messages += found.messages
        others += found.others
        rest, wanted = rest[found.used :], found.wanted
        assert wanted > len(rest)
    assert rest == b""
    assert ours(messages) == [by_paho(packet, v5) for packet in packets if packet[0] & 0xF0 == 0x30]
    assert others == b"".join(packet for packet in packets if packet[0] & 0xF0 != 0x30)


@pytest.mark.parametrize("v5", [False, True])
@given(first=st.integers(0x30, 0x3F), body=st.binary(max_size=40))
@example(first=0x32, body=b"")
@example(first=0x32, body=b"\0\1a\0")
@example(first=0x30, body=b"\0\0")
def test_what_paho_refuses_is_refused_and_little_else(v5, first, body):
    packet = bytes([first]) + length(len(body)) + body
    try:
        expected = by_paho(packet, v5)
    except MalformedPacket:
        expected = None
    try:
        found = ours(split(packet, 1, v5=v5).messages)
    except Malformed:
        found = [None]
        if expected is not None:  # paho hands on what the protocol forbids: no topic, no packet id, a QoS of 3
            topic, _, _, qos, packet_id = expected
            assert topic == "" or qos == 3 or (qos and not packet_id)
    if v5 and expected is None and found != [None]:
        return  # properties that nobody reads are not held against the message
    assert found in ([expected], [None])


@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_do_more_than_be_refused(stream, v5):
    try:
        found = split(stream, 1, v5=v5)
    except Malformed:
        return
    assert 0 <= found.used <= len(stream)
    assert found.wanted > len(stream) - found.used
    assert sum(len(m.payload) for m in found.messages) + len(found.others) <= found.used


def test_a_length_of_five_bytes_is_malformed():
    with pytest.raises(Malformed, match="four bytes"):
        split(b"\x30\xff\xff\xff\xff\x01", 1)


def test_a_topic_that_is_no_utf8_is_taken_for_what_of_it_is():
    (message,) = split(publish(b"sw/v1/acme/\xff/telemetry", b"1"), 5).messages
    assert message == Message("sw/v1/acme/\ufffd/telemetry", b"1", 5, None, False, 1, b"\0\7")


def test_messages_of_one_read_are_received_one_after_the_other():
    found = split(publish(b"t", b"1") * 3, 100).messages
    assert [message.received for message in found] == [100, 101, 102]


def test_no_two_messages_of_a_piece_came_at_one_instant():
    found = split(publish(b"a/b", b"1") + PINGRESP + 2 * publish(b"a/b", b"1"), 5)
    assert [message.received for message in found.messages] == [5, 6, 7]


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 65535)), max_size=20))
def test_acknowledgements_are_what_paho_reads_as_such(sent):
    messages = [Message("t", b"", 1, qos=qos, packet_id=number.to_bytes(2, "big")) for qos, number in sent]
    stream, expected = acknowledgements(messages), [pair for pair in sent if pair[0]]
    assert len(stream) == 4 * len(expected)
    for number, (qos, packet_id) in enumerate(expected):
        head, size, *rest = stream[4 * number : 4 * number + 4]
        assert (head, size) == (mqtt.PUBACK if qos == 1 else mqtt.PUBREC, 2)
        assert int.from_bytes(rest, "big") == packet_id
