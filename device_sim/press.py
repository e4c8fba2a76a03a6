"""`shouwang simulate --press`: one person presses her SOS button, now."""

import ssl
import time

import paho.mqtt.client as mqtt
import paho.mqtt.publish as mqtt_publish

from device_sim.fleet import SimulatedFleet
from ingest.formats import Sample, discover
from ingest.topics import Topic, TopicKind


def press(
    fleet: SimulatedFleet,
    code: str,
    host: str,
    port: int,
    passwords: dict[str, str],
    context: ssl.SSLContext | None = None,
) -> str:
    """Press the button of that home and wait until the broker has it; returns the topic.

    Raises KeyError for a home or a button that is not there, and paho's own errors when the broker refuses.
    """
    button = fleet.home(code).device("sos_button")
    if button is None:
        raise KeyError(f"home {code} has no SOS button")
    vendor = next(vendor for vendor in fleet.vendors if vendor.code == button.vendor)
    payload = discover()[vendor.format].encode([Sample("sos", 1.0, time.time_ns() // 1_000_000 * 1000)])
    topic = str(Topic(button.vendor, button.serial, TopicKind.EVENT))
    auth: mqtt_publish.AuthParameter = {"username": button.vendor, "password": passwords[button.vendor]}
    mqtt_publish.single(
        topic, payload, qos=1, hostname=host, port=port, auth=auth, protocol=mqtt.MQTTv5,
        tls=context,  # type: ignore[arg-type]  # paho takes a context, and says so in words only
    )  # fmt: skip
    return topic
