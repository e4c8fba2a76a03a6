"""A vendor who logs in with other clients' ids, guessed or known: nothing acknowledged is lost, nothing is read.

Whoever gives a client id at Mosquitto is given that id's session. The attacker has the account of the vendor beta.
"""

import json
import time
from functools import partial

import pytest

from alerts.selfcheck.ends import Mouth
from core import identity
from deploy import terminals
from deploy.broker import BrokerAdmin
from tests.takeover_rig import (
    CLEAN,
    LANE,
    PRESSES,
    RUNNING,
    Attacker,
    Client,
    acme,
    guesses,
    ingesting,
    issue,
    press,
    stored,
)
from tests.waiting import eventually

# --- ingest ---------------------------------------------------------------------------------------------------------


@LANE
@RUNNING
@CLEAN
def test_ingests_lanes_cannot_be_taken(broker, settings, registry, sql, lane, running, clean):
    ids = guesses("shouwang-ingest-urgent-acme", "shouwang-ingest-telemetry-acme", "ingest")
    attacker, vendor = Attacker(broker), acme(broker)
    if running:
        with ingesting(settings, sql):
            attacker.attack(ids[:6], clean)
            press(vendor, registry, lane)
            attacker.attack(ids[6:], clean)
            eventually(lambda: stored(sql) == PRESSES)
    else:
        with ingesting(settings, sql):
            pass  # its sessions wait at the broker from now on
        press(vendor, registry, lane)
        attacker.attack(ids, clean)
        with ingesting(settings, sql):
            eventually(lambda: stored(sql) == PRESSES)
    assert attacker.heard == []
    vendor.close()


def test_who_has_come_by_an_id_of_ingest_still_reads_nothing(broker, settings, registry, sql):
    with ingesting(settings, sql):
        pass
    vendor, attacker = acme(broker), Attacker(broker)
    press(vendor, registry)
    names = [f"shouwang-ingest-{lane}-acme" for lane in ("urgent", "telemetry")]
    attacker.attack([identity.client_id(name, "ingest", broker.accounts.ingest) for name in names], clean=False)
    assert attacker.heard == []
    vendor.close()


def test_ingests_ids_stand_in_no_log_and_in_no_table(broker, settings, registry, sql, caplog):
    caplog.set_level("DEBUG")
    with ingesting(settings, sql):
        vendor = acme(broker)
        press(vendor, registry)
        eventually(lambda: stored(sql) == PRESSES)
        vendor.close()
    beats = str(sql("SELECT detail::text FROM heartbeat"))
    for lane in ("urgent", "telemetry"):
        ours = identity.client_id(f"shouwang-ingest-{lane}-acme", "ingest", broker.accounts.ingest)
        secret = ours.removeprefix(identity.readable(ours))
        assert secret not in caplog.text
        assert secret not in beats
        assert secret not in broker.server.log.read_text()
        assert identity.fingerprint(ours) in beats


# --- our other programs ---------------------------------------------------------------------------------------------


@CLEAN
def test_the_self_checks_connection_cannot_be_taken(broker, self_check, clean):
    mouth = Mouth(self_check)
    mouth.open()
    eventually(lambda: mouth.connected)
    losses = []
    mouth._client.on_disconnect = lambda *_: losses.append(1)
    Attacker(broker).attack(guesses("shouwang-canary", "canary", "self-check"), clean)
    mouth.say(1000)
    eventually(lambda: not mouth.taken.empty())
    assert losses == []
    mouth.close()


@CLEAN
def test_the_administrators_connection_cannot_be_taken(broker, clean):
    with BrokerAdmin("127.0.0.1", broker.port, broker.accounts.admin) as admin:
        losses = []
        admin._client.on_disconnect = lambda *_: losses.append(1)
        Attacker(broker).attack(guesses("shouwang-admin", "admin", "auto-admin"), clean)
        admin.ensure_vendor("gamma", "a new vendor's password")
        assert losses == []


# --- terminals and clouds -------------------------------------------------------------------------------------------


@CLEAN
@RUNNING
@pytest.mark.parametrize("kind", ["terminal", "cloud"])
def test_a_bound_connection_cannot_be_taken(broker, settings, registry, sql, tmp_path, kind, running, clean):
    _, serial = registry.device(0, "sos_button")
    wanted = terminals.for_terminal("acme", serial) if kind == "terminal" else terminals.for_cloud("acme", "1")
    login = issue(broker, tmp_path, wanted)
    terminal = Client(broker, login.username, login.password, login.client_id, clean=False)
    attacker, ids = Attacker(broker), [login.username, serial, *guesses(login.username)]
    press_it = partial(
        terminal.say, f"sw/v1/acme/{serial}/event", json.dumps({"ts": time.time_ns() // 10**6, "values": {"sos": 1}})
    )
    with ingesting(settings, sql):
        pass
    if running:
        with ingesting(settings, sql):
            attacker.attack(ids, clean)
            press_it()
            eventually(lambda: stored(sql) == 1)
    else:
        press_it()
        attacker.attack(ids, clean)
        with ingesting(settings, sql):
            eventually(lambda: stored(sql) == 1)
    assert (terminal.losses, attacker.heard) == ([], [])
    terminal.close()


def test_a_bound_account_has_its_own_id_only_its_own_topics_and_its_own_commands(broker, tmp_path):
    login = issue(broker, tmp_path, terminals.for_terminal("acme", "btn-17"))
    other = issue(broker, tmp_path, terminals.for_terminal("acme", "btn-18"))
    for client_id in ("", "btn-17", other.client_id, login.username):
        assert not Client(broker, login.username, login.password, client_id).taken
    terminal = Client(broker, login.username, login.password, login.client_id)
    answers = []
    terminal.client.on_publish = lambda _c, _d, _m, reason, _p: answers.append(reason)
    terminal.client.publish("sw/v1/acme/btn-17/event", "{}", qos=1)
    assert not eventually(lambda: answers).pop().is_failure
    for topic in ("sw/v1/acme/btn-18/event", "sw/v1/acme/btn-1/event", "sw/v1/beta/btn-17/event", "$SYS/x"):
        answers.clear()
        terminal.client.publish(topic, "{}", qos=1)
        assert eventually(lambda: answers)[0].is_failure, topic
    terminal.close()
    assert granted(broker, login, "sw/v1/acme/btn-17/command")
    others = "sw/v1/acme/btn-18/command", "sw/v1/acme/+/command", "$share/g/sw/v1/acme/btn-17/command"
    for topic in (*others, "sw/v1/acme/btn-17/event", "#", "$SYS/#", "$share/ingest/sw/v1/#"):
        assert not granted(broker, login, topic), topic


def granted(broker, login, topic):
    client, answers = Client(broker, login.username, login.password, login.client_id), []
    client.client.on_subscribe = lambda _c, _d, _m, reasons, _p: answers.extend(reasons)
    client.client.subscribe(topic, 1)
    eventually(lambda: answers)
    client.close()
    return not answers[0].is_failure


@CLEAN
def test_what_waits_for_a_terminal_is_neither_lost_nor_read(broker, tmp_path, clean):
    login = issue(broker, tmp_path, terminals.for_terminal("acme", "btn-17"))
    terminal = Client(broker, login.username, login.password, login.client_id, clean=False)
    terminal.client.subscribe("sw/v1/acme/btn-17/command", 1)
    time.sleep(0.3)
    terminal.close()
    vendor, attacker = acme(broker), Attacker(broker)
    vendor.say("sw/v1/acme/btn-17/command", "ring")
    attacker.attack(["btn-17", *guesses(login.username)], clean)
    terminal = Client(broker, login.username, login.password, login.client_id, clean=False)
    eventually(lambda: terminal.heard == ["sw/v1/acme/btn-17/command"])
    assert attacker.heard == []
    terminal.close()
    vendor.close()


@CLEAN
def test_a_shared_accounts_connection_can_be_cut_and_what_it_had_acknowledged_is_stored(
    broker, settings, registry, sql, clean
):
    """What remains where firmware chooses an id that can be guessed."""
    vendor, attacker = acme(broker, "acme-cloud", clean=False), Attacker(broker)
    with ingesting(settings, sql):
        attacker.attack(["acme-cloud"], clean)
        assert eventually(lambda: vendor.losses), "it was cut"
        eventually(lambda: len(vendor.answers) > len(vendor.losses))
        press(vendor, registry)
        eventually(lambda: stored(sql) == PRESSES)
    assert attacker.heard == []
    vendor.close()
