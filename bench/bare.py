"""The bare limit of receiving: a paho subscriber that only acknowledges, by the protocol that the workers use."""

import sys

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion


def subscribe(port: int, password: str) -> None:
    """Acknowledge as paho does by itself, until killed; run as a process of its own."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, "bare", protocol=mqtt.MQTTv311)
    client.username_pw_set("ingest", password)
    client.on_message = lambda *_: None
    client.on_connect = lambda client, *_: client.subscribe("sw/v1/+/+/telemetry", qos=1)
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect("127.0.0.1", port)
    client.loop_forever()


if __name__ == "__main__":
    subscribe(int(sys.argv[1]), sys.stdin.readline().strip())
