"""Clients that remember what they were told, and one who tries to take their sessions over at a real broker."""

import csv
import itertools
import json
import time
from contextlib import contextmanager

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from core import identity
from deploy import terminals
from deploy.broker import BrokerAdmin
from ingest.worker import run
from tests.programs import working
from tests.waiting import eventually

PRESSES = 6
CLEAN = pytest.mark.parametrize("clean", [True, False], ids=["clean start", "resumed session"])
RUNNING = pytest.mark.parametrize("running", [True, False], ids=["ingest running", "ingest stopped"])
LANE = pytest.mark.parametrize("lane", ["event", "telemetry"])


class Client:
    """A client of MQTT 5 or 3.1.1 that remembers what it was told."""

    def __init__(self, broker, user, password, client_id, *, clean=True, version=mqtt.MQTTv5):
        self.heard, self.answers, self.losses = [], [], []
        kind = {"protocol": version} | ({"clean_session": clean} if version == mqtt.MQTTv311 else {})
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, **kind)
        self.client.username_pw_set(user, password)
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = lambda _c, _d, _f, reason, _p: self.answers.append(reason)
        self.client.on_message = lambda _c, _d, message: self.heard.append(message.topic)
        self.client.on_disconnect = lambda _c, _d, _f, reason, _p: self.losses.append(reason)
        start = {}
        if version == mqtt.MQTTv5:
            start = {"clean_start": clean, "properties": Properties(PacketTypes.CONNECT)}
            start["properties"].SessionExpiryInterval = 3600
        self.client.connect("127.0.0.1", broker.port, **start)
        self.client.loop_start()
        eventually(lambda: self.answers)

    @property
    def taken(self):
        """Whether the broker let it in."""
        return not self.answers[0].is_failure

    def say(self, topic, payload):
        """Publish at QoS 1; returns when the broker has taken it."""
        self.client.publish(topic, payload, qos=1).wait_for_publish(20)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


class Attacker:
    """The vendor beta, who tries ids one after the other."""

    def __init__(self, broker):
        self.broker = broker
        self.heard = []

    def attack(self, ids, clean):
        for client_id, version in zip(ids, itertools.cycle((mqtt.MQTTv5, mqtt.MQTTv311)), strict=False):
            thief = Client(
                self.broker, "beta", self.broker.accounts.vendors["beta"], client_id, clean=clean, version=version
            )
            assert thief.taken, "the broker lets anybody have any id"
            time.sleep(0.1)
            self.heard += thief.heard
            thief.close()


def logins_in(file):
    """What a file of credentials holds, by user name."""
    with file.open(encoding="utf-8", newline="") as rows:
        return {row["username"]: terminals.BrokerLogin(**row) for row in csv.DictReader(rows)}


def guesses(*names, password=""):
    """Ids that somebody who knows our programs and not their passwords would try."""
    made = [identity.client_id(name, user, password) for name in names for user in ("ingest", "beta", "")]
    return [*names, *(name + "." for name in names), *made]


def connected(sql):
    return sql("SELECT 1 FROM heartbeat WHERE (detail->>'connected')::bool AND at > now() - interval '3 s'")


@contextmanager
def ingesting(settings, sql):
    with working(run, settings):
        eventually(lambda: connected(sql))
        time.sleep(0.3)  # the subscriptions follow the connection
        yield


def press(client, registry, kind="event", at=None):
    """One reading a home, acknowledged by the broker."""
    metric, device = ("sos", "sos_button") if kind == "event" else ("water_volume", "water_meter")
    for home in range(PRESSES):
        payload = {"ts": at or int(time.time() * 1000), "values": {metric: 1}}
        client.say(f"sw/v1/acme/{registry.device(home, device)[1]}/{kind}", json.dumps(payload))


def stored(sql):
    return sql("SELECT count(DISTINCT device_id) FROM reading")[0][0]


def acme(broker, client_id="acme-cloud", **how):
    return Client(broker, "acme", broker.accounts.vendors["acme"], client_id, **how)


def issue(broker, tmp_path, login):
    with BrokerAdmin("127.0.0.1", broker.port, broker.accounts.admin) as admin:
        assert terminals.make(admin, [login], tmp_path / "logins.csv") == 1
    return logins_in(tmp_path / "logins.csv")[login.username]
