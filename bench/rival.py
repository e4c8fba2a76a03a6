"""What a user would pick instead: an MQTT codec in Rust, and thirty lines of Python that put readings into a table.

Messages come by QoS 1, their readings go by COPY to a hypertable made like `reading`, and are then acknowledged. It
checks no value and no clock, gives no reason for what it can't read, sees no duplicate, judges nothing.
"""

import contextlib
import os
import socket
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import mqtt5
import orjson
import psycopg

from bench.city import RIVAL
from core.catalogue import metrics

BATCH = 5000  # readings a transaction, as with us …
AGE = 0.2  # … or seconds
COPY = "COPY rival (ts, device_id, metric, flags, value) FROM STDIN"


def run(port: int, password: str, url: str) -> None:
    """Until killed; says `ready` when it is subscribed, and after each transaction how many readings are stored."""
    conn = psycopg.connect(url)
    found = conn.execute("SELECT 'sw/v1/' || %s || '/' || serial || '/telemetry', id FROM device", (RIVAL,))
    devices: dict[str, int] = dict(found.fetchall())
    numbers = {name: metric.id for name, metric in metrics().items()}
    conn.commit()
    sock = socket.create_connection(("127.0.0.1", port))
    sock.sendall(mqtt5.ConnectPacket("rival", username="ingest", password=password.encode()).write())
    topic = mqtt5.TopicFilter(f"sw/v1/{RIVAL}/+/telemetry", max_qos=mqtt5.QoS.AT_LEAST_ONCE)
    sock.sendall(mqtt5.SubscribePacket(1, [topic]).write())
    rows: list[tuple[datetime, int, int, int, float]] = []
    answers: list[bytes] = []
    due, stored = 0.0, 0
    for packet in _packets(sock):
        if isinstance(packet, mqtt5.PublishPacket) and packet.packet_id:
            due = due if rows else time.monotonic() + AGE
            document = orjson.loads(packet.payload)
            moment, device = datetime.fromtimestamp(document["ts"] / 1000, UTC), devices[packet.topic]
            rows += [(moment, device, numbers[name], 0, value) for name, value in document["values"].items()]
            answers.append(mqtt5.PubAckPacket(packet.packet_id).write())
        elif isinstance(packet, mqtt5.SubAckPacket):
            print("ready", flush=True)
        if rows and (len(rows) >= BATCH or time.monotonic() >= due):
            with conn.transaction(), conn.cursor().copy(COPY) as copy:
                for row in rows:
                    copy.write_row(row)
            sock.sendall(b"".join(answers))
            stored += len(rows)
            print(stored, flush=True)
            rows, answers = [], []


def _packets(sock: socket.socket) -> Iterator[mqtt5.Packet | None]:
    """What comes, and None where nothing does for a moment."""
    sock.settimeout(AGE / 4)
    buffer = b""
    while True:
        with contextlib.suppress(TimeoutError):
            if not (piece := sock.recv(262_144)):
                return
            buffer += piece
        view, at = memoryview(buffer), 0
        with contextlib.suppress(IndexError):  # the last one has not come whole
            while True:
                packet, size = mqtt5.read(view[at:])
                at += size
                yield packet
        buffer = buffer[at:]
        yield None


if __name__ == "__main__":
    run(int(sys.argv[1]), os.environ["MQTT_PASSWORD"], os.environ["DATABASE_URL"])
