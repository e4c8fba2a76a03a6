"""More than one of each: workers that share the topics, come and go; two shards."""

import time
from contextlib import contextmanager

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from core import identity
from tests.faults.conftest import a_site
from tests.faults.harness import account, eventually, settle

SHARED = {"SHOUWANG_MQTT_GROUP": "ingest"}


@contextmanager
def sharing(root, tmp_path):
    with a_site(root, tmp_path, settings=SHARED) as running:
        yield running


def take(running, worker):
    """Messages that worker has taken so far."""
    found = running.sql(f"SELECT (detail->>'received')::int FROM heartbeat WHERE process = 'ingest/{worker}'")
    return (found and found[0][0]) or 0


def test_workers_that_join_and_leave_in_mid_load_share_it_and_lose_nothing(root, tmp_path):
    with sharing(root, tmp_path) as running:
        others = [running.program("ingest", worker=name) for name in ("2", "3")]
        for other in others:
            other.start()
            time.sleep(1)
        eventually(lambda: all(take(running, name) > 20 for name in ("1", "2", "3")))
        others[0].stop()
        time.sleep(1)
        others[0].start()
        others[1].stop()
        time.sleep(2)
        running.site.program("ingest", "--retire", worker="3").run(60)
        settle(running)


def test_what_a_worker_that_never_comes_back_had_taken_is_taken_over(root, tmp_path):
    with sharing(root, tmp_path) as running:
        lost = running.program("ingest", worker="2")
        lost.start()
        eventually(lambda: take(running, "2") > 20)
        lost.kill()
        time.sleep(1)
        running.load.stop()
        retiring = running.site.program("ingest", "--retire", worker="2")
        assert retiring.run(60) == 0
        account(running.site, running.load)
        password = running.site.secrets.mqtt_ingest
        gone = identity.client_id("shouwang-ingest-2-telemetry-acme", "ingest", password)
        assert not session_kept(running, gone)


def session_kept(running, name):
    """Whether the broker keeps a session of that name."""
    found = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, name, clean_session=False, protocol=mqtt.MQTTv311)
    client.username_pw_set("ingest", running.site.secrets.mqtt_ingest)
    client.on_connect = lambda client, _data, flags, *_: (found.append(flags.session_present), client.disconnect())
    client.connect("127.0.0.1", running.site.broker.port)
    client.loop_forever()
    return found[0]


@pytest.mark.parametrize("kill", [False, True])
def test_two_shards_judge_every_home_once(root, tmp_path, kill):
    with a_site(root, tmp_path, settings={"SHOUWANG_SHARDS": "2"}) as running:
        second = running.program("engine", shard="1")
        second.start()
        if kill:
            time.sleep(2)
            second.kill()
            time.sleep(1)
            second.start()
        time.sleep(3)
        settle(running)
        beats = running.sql("SELECT process FROM heartbeat WHERE process LIKE 'engine/%' ORDER BY 1")
        assert beats == [("engine/0",), ("engine/1",)]
