"""How long from an SOS's publication to its frame on the operator's event stream."""

import http.client
import json
import threading
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from bench.city import VENDOR
from bench.rig import Rig, stored
from core.identity import random_id
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


def presses(rig: Rig, homes: range, pause: float) -> list[float]:
    """Press the SOS of each home once; seconds to its SSE frame, sorted. Raises TimeoutError if one is lost."""
    stream = Stream(rig.site, rig.token)
    stream.start()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, random_id("bench-sos"), protocol=mqtt.MQTTv5)
    client.username_pw_set(VENDOR, rig.site.secrets.vendors[VENDOR])
    client.connect("127.0.0.1", rig.site.broker.port)
    client.loop_start()
    sent: dict[str, float] = {}
    for home in homes:
        now = time.time()
        sent[f"H{home}"] = now
        client.publish(
            f"sw/v1/{VENDOR}/sos-{home}/event", f'{{"ts": {int(now * 1000)}, "values": {{"sos": 1}}}}', qos=1
        )
        time.sleep(pause)
    end = time.monotonic() + 60
    while lost := sent.keys() - stream.seen.keys():
        if time.monotonic() > end:
            raise TimeoutError(f"{len(lost)} of {len(sent)} SOS never reached the stream")
        time.sleep(0.01)
    client.disconnect()
    client.loop_stop()
    return sorted(stream.seen[code] - at for code, at in sent.items())


def behind_load(rig: Rig, rate: float, homes: range, pause: float) -> list[float]:
    """Latencies while `rate` messages a second flow."""
    load = rig.load(int(rate * (len(homes) * pause + 4)), rate).go()
    time.sleep(2)
    times = presses(rig, homes, pause)
    load.wait()
    return times


def behind_backlog(rig: Rig, backlog: int, homes: range) -> tuple[list[float], float]:
    """Latencies while a backlog drains, and the messages per second at which it did.

    The presses begin with the drain and are spread over it; those made after its end are not counted.
    """
    ingest = rig.programs["ingest"]
    ingest.stop()
    with rig.connect() as conn:
        conn.execute("DELETE FROM heartbeat WHERE process = 'ingest/1'")
        rig.load(backlog).go().wait()
        ingest.start()
        while not stored(conn):  # by the new process's count
            time.sleep(0.02)
        begin, gone = time.monotonic(), stored(conn)
        times = presses(rig, homes, 0.02)
        if (left := backlog * 3 - stored(conn)) <= 0:
            raise TimeoutError("the backlog was gone before the last press: take a larger one")
        judged = rig.wait_judged(conn, backlog * 3)
        rate = (backlog * 3 - gone) / 3 / (judged - begin)
    print(f"  ({left / 3:,.0f} messages of the backlog were left after the last press)", flush=True)
    return times, rate


def quantiles(times: list[float]) -> str:
    """p50 and p99 in words."""
    p50, p99 = times[len(times) // 2], times[min(int(len(times) * 0.99), len(times) - 1)]
    return f"p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms"
