"""From guessable ids to secret ones, and from one password to the next: what waited in the old sessions is taken."""

import threading
import time

import paho.mqtt.client as mqtt
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from core import identity
from core.settings import Settings
from ingest.worker import run
from tests.takeover_rig import PRESSES, Client, acme, ingesting, press, stored
from tests.waiting import eventually

# --- from the old to the new ----------------------------------------------------------------------------------------


def leave_session(broker, client_id, topics):
    """As ingest 0.1 left it: a session under an id that can be guessed, subscribed, with nobody connected."""
    old = Client(broker, "ingest", broker.accounts.ingest, client_id, clean=False, version=mqtt.MQTTv311)
    old.client.subscribe([(topic, 1) for topic in topics])
    time.sleep(0.3)
    old.close()


def session_kept(broker, client_id):
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id, clean_session=False, protocol=mqtt.MQTTv311)
    client.username_pw_set("ingest", broker.accounts.ingest)
    found = []
    client.on_connect = lambda client, _data, flags, *_: (found.append(flags.session_present), client.disconnect())
    client.connect("127.0.0.1", broker.port)
    client.loop_forever()
    return found[0]


@pytest.mark.parametrize("from_what", ["ids without a secret", "another password"])
def test_what_waited_under_the_old_ids_is_taken_over_and_their_sessions_are_gone(
    broker, settings, registry, sql, from_what
):
    old = "the password before"
    ids = {}
    for lane, kind in (("urgent", "event"), ("telemetry", "telemetry")):
        secret = identity.client_id(f"shouwang-ingest-{lane}-acme", "ingest", old)
        ids[kind] = f"shouwang-ingest-1-{lane}-acme" if from_what == "ids without a secret" else secret
        leave_session(broker, ids[kind], [f"sw/v1/acme/+/{kind}"])
    vendor = acme(broker)
    press(vendor, registry, "event")
    press(vendor, registry, "telemetry")
    if from_what == "another password":
        settings = Settings(**settings.model_dump() | {"mqtt_password_before": old})
    with ingesting(settings, sql):
        eventually(lambda: stored(sql) == 2 * PRESSES)
        press(vendor, registry, "event")  # now by the new session
        eventually(lambda: sql("SELECT count(*) FROM reading") == [(3 * PRESSES,)])
        time.sleep(4)  # until it has been quiet
    assert not any(session_kept(broker, client_id) for client_id in ids.values())
    assert sql("SELECT count(*) FROM reading") == [(3 * PRESSES,)]
    vendor.close()


def test_a_worker_that_never_comes_back_is_retired_under_its_old_id_too(broker, settings, registry, sql):
    leave_session(broker, "shouwang-ingest-gone-urgent-acme", ["sw/v1/acme/+/event"])
    vendor, stop = acme(broker), threading.Event()
    press(vendor, registry)
    run(settings.model_copy(update={"worker": "gone"}), stop, retire=True)
    assert stop.is_set()
    assert stored(sql) == PRESSES
    assert not session_kept(broker, "shouwang-ingest-gone-urgent-acme")
    vendor.close()


def test_the_password_before_may_be_the_one_of_now(broker, settings, registry, sql):
    settings = Settings(**settings.model_dump() | {"mqtt_password_before": broker.accounts.ingest})
    vendor = acme(broker)
    with ingesting(settings, sql):
        time.sleep(4)
        press(vendor, registry)
        eventually(lambda: stored(sql) == PRESSES)
    press(vendor, registry)
    with ingesting(settings, sql):
        eventually(lambda: sql("SELECT count(*) FROM reading") == [(2 * PRESSES,)])
    vendor.close()


def test_an_old_session_stays_when_the_worker_ends_before_it_is_empty(broker, settings, registry, sql, database):
    leave_session(broker, "shouwang-ingest-1-urgent-acme", ["sw/v1/acme/+/event"])
    vendor = acme(broker)
    press(vendor, registry)
    with psycopg.connect(database.owner, autocommit=True) as owner:
        owner.execute("REVOKE INSERT ON reading FROM shouwang_ingest")
        with ingesting(settings, sql):
            time.sleep(4)
        owner.execute("GRANT INSERT ON reading TO shouwang_ingest")
    with ingesting(settings, sql):
        eventually(lambda: stored(sql) == PRESSES)
    vendor.close()
