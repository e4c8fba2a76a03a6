"""The two ends of the chain: a terminal's connection to the broker, and an operator's live stream."""

import http.client
import json
import logging
import queue
import re
import threading
import time
from collections import deque
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from core import canary, identity, links
from core.mqtt import prepare
from core.settings import Settings

log = logging.getLogger(__name__)
CLOSED = re.compile(rb"(?:[^ ]+: )?Client (.+) already connected, closing old connection\.$", re.DOTALL)
MOST_CLOSED = 1000  # of others between two looks; more are not heard
SILENCE = 15.0  # seconds without a byte on the stream, which pings every 5: it is dead


class Mouth:
    """Publishes as any vendor's terminal does, and hears whose connection made way for another of the same id."""

    def __init__(self, settings: Settings) -> None:
        self.taken: queue.SimpleQueue[int] = queue.SimpleQueue()  # µs of signals the broker acknowledged
        self.closed: deque[str] = deque()  # ids whose connection made way for another
        self.ours: frozenset[str] = frozenset()  # fingerprints of those that no flood of others may crowd out
        self.figures: dict[str, int] = {}  # what the broker last said of itself, by topic
        self._sent: dict[int, int] = {}  # mid → µs
        self._settings = settings
        user, password = settings.mqtt_username, settings.mqtt_password.get_secret_value()
        client_id = identity.client_id("shouwang-canary", user, password)
        self.fingerprint = identity.fingerprint(client_id)
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv5)
        prepare(self._client, settings)
        self._client.reconnect_delay_set(1, 5)
        self._client.on_publish = self._on_publish
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""
        return self._client.is_connected()

    def open(self) -> None:
        """Connect in the background, again and again until it works."""
        self._client.connect_async(self._settings.mqtt_host, self._settings.mqtt_port, keepalive=10)
        self._client.loop_start()

    def say(self, at: int) -> None:
        """Send the signal of that instant (µs, whole milliseconds); without a connection it is not sent."""
        if self.connected:
            payload = json.dumps({"ts": at // 1000, "values": {canary.METRIC: 1}})
            info = self._client.publish(f"sw/v1/{canary.VENDOR}/{canary.SERIAL}/event", payload, qos=1)
            self._sent[info.mid] = at

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: mqtt.Client, *_: Any) -> None:
        # A broker that is no Mosquitto says nothing there.
        client.subscribe([(topic, 0) for topic in (canary.BROKER_ERRORS, canary.WAITING, canary.DROPPED)])

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        if message.topic in (canary.WAITING, canary.DROPPED):
            if message.payload.isdigit():
                self.figures[message.topic] = int(message.payload)
        elif found := CLOSED.match(message.payload):
            client_id = found[1].decode(errors="replace").replace("\0", "")
            if len(self.closed) < MOST_CLOSED or identity.fingerprint(client_id) in self.ours:
                self.closed.append(client_id)

    def _on_publish(self, _client: mqtt.Client, _data: Any, mid: int, *_: Any) -> None:
        if at := self._sent.pop(mid, None):
            self.taken.put(at)


class Ear(threading.Thread):
    """Listens to the stream that consoles listen to."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        super().__init__(name="ear", daemon=True)
        self.heard: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()  # µs sent, µs heard
        self._settings = settings
        self._stop_event = stop

    def run(self) -> None:
        """Until stopped, through every loss of the API."""
        while not self._stop_event.is_set():
            try:
                self._listen()
            except (OSError, http.client.HTTPException, ValueError) as error:
                log.warning("the live stream is lost: %s", type(error).__name__)
            self._stop_event.wait(1)

    def _listen(self) -> None:
        url = urlsplit(self._settings.canary_api)
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = kind(url.hostname or "127.0.0.1", url.port, timeout=SILENCE)
        try:
            connection.connect()
            links.guard(connection.sock)
            token = self._settings.canary_token.get_secret_value()
            connection.request("GET", "/api/v1/events", headers={"Authorization": f"Bearer {token}"})
            response = connection.getresponse()
            if response.status != 200:
                log.warning("the live stream is refused with status %d", response.status)
                return
            log.info("listening to the live stream")
            self._follow(response)
        finally:
            connection.close()

    def _follow(self, response: http.client.HTTPResponse) -> None:
        kind = b""
        for line in response:
            if line.startswith(b"event: "):
                kind = line[7:].strip()
            elif line.startswith(b"data: ") and kind == b"canary":
                self.heard.put((int(json.loads(line[6:])["ts"]), time.time_ns() // 1000))
            elif not line.strip():
                kind = b""
            if self._stop_event.is_set():
                return
