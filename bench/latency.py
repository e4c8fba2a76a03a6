"""How long from an SOS's publication to its frame on the operator's event stream."""

import http.client
import json
import threading
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from deploy.local.site import Site


class Stream(threading.Thread):
    """Reads the SSE stream and notes when each home's SOS is opened."""

    def __init__(self, site: Site, token: str) -> None:
        super().__init__(daemon=True)
        self.seen: dict[str, float] = {}
        self._connection = http.client.HTTPConnection("127.0.0.1", site.api_port)
        self._connection.request("GET", "/api/v1/events", headers={"Authorization": f"Bearer {token}"})
        self._response = self._connection.getresponse()

    def run(self) -> None:
        """Until the connection ends."""
        for line in self._response:
            if line.startswith(b"data:") and b'"opened"' in line:
                now = time.time()
                alert = json.loads(line[5:])["alert"]
                if alert["rule"] == "sos":
                    self.seen[alert["home"]["code"]] = now


def measure(site: Site, token: str, buttons: dict[str, str], pause: float) -> list[float]:
    """Seconds per SOS, sorted; raises TimeoutError if one is lost. `buttons`: a home's code to its button's serial."""
    stream = Stream(site, token)
    stream.start()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, "bench-sos", protocol=mqtt.MQTTv5)
    client.username_pw_set("acme", site.secrets.vendors["acme"])
    client.connect("127.0.0.1", site.broker.port)
    client.loop_start()
    sent: dict[str, float] = {}
    for code, serial in buttons.items():
        now = time.time()
        sent[code] = now
        client.publish(f"sw/v1/acme/{serial}/event", f'{{"ts": {int(now * 1000)}, "values": {{"sos": 1}}}}', qos=1)
        time.sleep(pause)
    end = time.monotonic() + 60
    while len(stream.seen) < len(sent):
        if time.monotonic() > end:
            raise TimeoutError(f"{len(sent) - len(stream.seen)} of {len(sent)} SOS never reached the stream")
        time.sleep(0.01)
    client.disconnect()
    client.loop_stop()
    return sorted(stream.seen[code] - sent[code] for code in sent)
