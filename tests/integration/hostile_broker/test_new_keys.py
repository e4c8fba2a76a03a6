"""TLS changes its keys in the middle of a packet: nothing is lost, nothing is torn."""

import subprocess
import time

import pytest

from tests.hostile_broker import CONNACK, publish
from tests.ports import a_port
from tests.waiting import eventually

TOPIC = b"sw/v1/acme/a/telemetry"
GRANTED = b"\x90\x03\x00\x01\x01"


class Server:
    """OpenSSL's own: what it is given it sends, but a line of one letter is a command."""

    def __init__(self, folder, version):
        self.port = a_port()
        self._heard = folder / "heard"
        files = "-cert", str(folder / "server.pem"), "-key", str(folder / "server.key")
        with self._heard.open("wb") as heard:
            self._process = subprocess.Popen(
                ["openssl", "s_server", "-accept", f"127.0.0.1:{self.port}", version, *files],
                stdin=subprocess.PIPE, stdout=heard, stderr=heard, bufsize=0,
            )  # fmt: skip
        eventually(lambda: b"ACCEPT" in self.heard)

    @property
    def heard(self):
        return self._heard.read_bytes()

    def give(self, data):
        self._process.stdin.write(data)
        time.sleep(0.3)  # or it would read two as one

    def close(self):
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()


@pytest.fixture
def server(request, certificate, tmp_path):
    served = Server(tmp_path, request.param)
    yield served
    served.close()


@pytest.mark.parametrize(
    ("server", "command"), [("-tls1_2", b"R\n"), ("-tls1_3", b"K\n"), ("-tls1_3", b"k\n")], indirect=["server"],
    ids=["renegotiation", "new keys of both", "new keys of the broker"],
)  # fmt: skip
def test_new_keys_amid_a_packet_neither_lose_nor_tear_anything(server, certificate, lined, command):
    with lined(port=server.port, ca=certificate[1]) as line:
        line.start()
        eventually(lambda: b"MQTT" in server.heard)
        amid = publish(TOPIC, b"amid", 1, 2)
        server.give(CONNACK + GRANTED + publish(TOPIC, b"before", 1, 1) + amid[:20])
        server.give(command)
        server.give(amid[20:] + publish(TOPIC, b"after", 1, 3))
        messages = line.take(3)
        assert [message.payload for message in messages] == [b"before", b"amid", b"after"]
        line.acknowledge(messages)
        eventually(lambda: b"\x40\x02\x00\x01\x40\x02\x00\x02\x40\x02\x00\x03" in server.heard)
        assert b"SSL_do_handshake -> 1" in server.heard, "it did as it was told"
        assert line.connection.lost == 0
