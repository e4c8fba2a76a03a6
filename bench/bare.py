"""The bare limits: a paho subscriber that only acknowledges, and a binary COPY that only stores."""

import sys
import time
from typing import Any

import numpy as np
import paho.mqtt.client as mqtt
import psycopg
from paho.mqtt.enums import CallbackAPIVersion

from core.packed import READING, copy_document


def subscribe(port: int, password: str, count: int) -> None:
    """Acknowledge `count` messages as paho does by itself, then end; run as a process of its own."""
    seen = 0

    def on_message(client: mqtt.Client, _data: Any, _message: mqtt.MQTTMessage) -> None:
        nonlocal seen
        seen += 1
        if seen == count:
            client.disconnect()

    client = mqtt.Client(CallbackAPIVersion.VERSION2, "bare", protocol=mqtt.MQTTv5)
    client.username_pw_set("ingest", password)
    client.on_message = on_message
    client.on_connect = lambda client, *_: client.subscribe("sw/v1/+/+/telemetry", qos=1)
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect("127.0.0.1", port)
    client.loop_forever()


def copy(url: str, rows: int) -> float:
    """Seconds to COPY `rows` readings into a hypertable like `reading`, in batches as ingest writes them."""
    data = np.zeros(rows, READING)
    data["ts"] = time.time_ns() // 1000 - 120_000_000 + np.arange(rows) // 3000 * 1000
    data["device"] = 1_000_000 + np.arange(rows) % 1000
    data["metric"] = np.arange(rows) // 1000 % 3
    data["value"] = 20.0
    with psycopg.connect(url) as conn:
        begin = time.monotonic()
        for start in range(0, rows, 5000):
            with conn.cursor().copy(
                "COPY reading (ts, device_id, metric, flags, value) FROM STDIN (FORMAT BINARY)"
            ) as writer:
                writer.write(copy_document(data[start : start + 5000]))
            conn.commit()
        return time.monotonic() - begin


if __name__ == "__main__":
    subscribe(int(sys.argv[1]), sys.stdin.readline().strip(), int(sys.argv[2]))
