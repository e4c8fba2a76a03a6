"""What of paho's undocumented or subtle ways ingest/client.py rests on. Where one fails after an update, look there."""

import socket

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

CONNACK, PUBREL, PINGRESP = b"\x20\x02\x00\x00", b"\x62\x02\x00\x07", b"\xd0\x00"


class Fed(mqtt.Client):
    """paho, given bytes by the test; its real socket is there and must not be read."""

    def __init__(self, **more):
        super().__init__(CallbackAPIVersion.VERSION2, "contract", protocol=mqtt.MQTTv311, **more)
        self.food, self.asked, self.over = b"", [], False
        self.on_socket_register_write = lambda *_: None

    def _sock_recv(self, bufsize):
        self.asked.append(bufsize)
        if not self.food and not self.over:
            raise BlockingIOError
        piece, self.food = self.food[:bufsize], self.food[bufsize:]
        return piece


@pytest.fixture
def pair():
    """(paho, connected and fed by the test; the broker's end of its socket)."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = Fed()
        client.connect("127.0.0.1", server.getsockname()[1], keepalive=60)
        end, _ = server.accept()
    with end:
        end.settimeout(0.2)
        yield client, end
        client.on_disconnect = None
        client.over = True
        client.loop_read()


def read(client, food):
    client.food = food
    while client.food and client.socket():
        client.loop_read()


def test_it_reads_by_sock_recv_alone(pair):
    client, end = pair
    greeted = []
    client.on_connect = lambda *_: greeted.append(True)
    end.sendall(CONNACK)  # into the real socket
    client.loop_read()
    assert client.asked
    assert not greeted
    read(client, CONNACK)
    assert greeted == [True]


def test_it_takes_no_more_than_it_asks_for_and_holds_no_byte_back(pair):
    client, _ = pair
    read(client, CONNACK + PINGRESP + b"\x90\x03\x00\x01\x01")
    assert client.food == b""
    assert client.is_connected()


def test_where_it_is_told_when_to_write_it_writes_in_loop_write_only(pair):
    client, end = pair
    read(client, CONNACK)
    client.subscribe("a")
    client.publish("b", b"", qos=0, retain=True)
    read(client, PUBREL + b"\xc0\x00")  # to be answered, with PUBCOMP and with PINGRESP
    client.disconnect()
    client.loop_misc()
    with pytest.raises(TimeoutError):
        end.recv(1)
    assert client.want_write()
    client.loop_write()
    assert end.recv(99)[0] == 0x10, "CONNECT comes first"
    assert not client.want_write()


def test_it_wants_to_write_what_the_socket_did_not_take(pair):
    client, _ = pair
    client.socket().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    client.publish("b", bytes(8_000_000), qos=0)
    assert client.loop_write() == mqtt.MQTT_ERR_SUCCESS, "a full socket is no error"
    assert client.want_write()


def test_a_release_is_completed_of_a_message_it_never_saw(pair):
    client, end = pair
    read(client, CONNACK + PUBREL)
    client.loop_write()
    assert end.recv(99).endswith(b"\x70\x02\x00\x07")


def test_the_end_of_what_it_reads_is_a_lost_connection_told_once(pair):
    client, _ = pair
    told = []
    client.on_disconnect = lambda _client, _data, _flags, reason, _properties: told.append(str(reason))
    read(client, CONNACK)
    client.over = True
    client.loop_read()
    client.loop_read()
    assert told == ["Unspecified error"]
    assert client.socket() is None


@pytest.mark.parametrize(
    "packet",
    [
        b"\xf0\x00",  # what ingest/client.py hands on for what it could not read
        b"\xe0\x00",  # DISCONNECT, from a broker and in MQTT 3.1.1
        b"\x90\x03\x00\x01\x05", b"\x90\x01\x00", b"\x20\x01\x00", b"\xb0\x01\x00", b"\x62\x01\x00", b"\xd0\x01\x00",
        b"\x20\x02\x00\x01",  # "another protocol version": with reconnect_on_failure it would connect by itself
    ],
)  # fmt: skip
def test_what_is_not_mqtt_is_a_protocol_error_and_no_exception(pair, packet):
    client, _ = pair
    client._reconnect_on_failure = False
    told = []
    client.on_disconnect = lambda _client, _data, _flags, reason, _properties: told.append(reason == "Protocol error")
    read(client, packet)
    assert told == [True]
    assert client.socket() is None


def test_reconnect_on_failure_is_what_keeps_it_from_another_protocol():
    assert Fed(reconnect_on_failure=False)._reconnect_on_failure is False
    assert Fed()._reconnect_on_failure is True


def test_a_topic_with_wildcards_is_refused_with_a_value_error(pair):
    client, _ = pair
    for topic in ("a/#", "a/+", "a" * 65_536, ""):
        with pytest.raises(ValueError, match="topic"):
            client.publish(topic, b"", qos=0, retain=True)
