"""A vendor who logs in with other clients' ids, guessed or known: nothing acknowledged is lost, nothing is read.

Whoever gives a client id at Mosquitto is given that id's session. The attacker has the account of the vendor beta.
"""

import csv
import itertools
import json
import secrets
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace

import paho.mqtt.client as mqtt
import psycopg
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from alerts.canary.ends import Ear, Mouth
from alerts.canary.program import Canary
from core import canary, identity
from core.settings import Settings
from deploy import terminals
from deploy.broker import BrokerAdmin
from ingest.worker import run
from tests.faults.harness import eventually
from tests.programs import working
from tests.registry import seed

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
        return {row["username"]: terminals.Login(**row) for row in csv.DictReader(rows)}


def guesses(*names, password=""):
    """Ids that somebody who knows our programs and not their passwords would try."""
    made = [identity.client_id(name, user, password) for name in names for user in ("ingest", "beta", "")]
    return [*names, *(name + "." for name in names), *made]


@pytest.fixture
def registry(database):
    return seed(database.owner, homes=PRESSES, types=("sos_button", "water_meter"))


@pytest.fixture
def settings(database, broker):
    return Settings(database_url=database.url("ingest"), mqtt_port=broker.port, mqtt_password=broker.accounts.ingest)


@pytest.fixture
def sql(database, registry):
    with psycopg.connect(database.owner, autocommit=True) as conn:
        yield lambda statement, *values: conn.execute(statement, values).fetchall()


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


# --- ingest ---------------------------------------------------------------------------------------------------------


@LANE
@RUNNING
@CLEAN
def test_ingests_lanes_cannot_be_taken(broker, settings, registry, sql, lane, running, clean):
    ids = guesses("shouwang-ingest-1-urgent-acme", "shouwang-ingest-1-telemetry-acme", "ingest")
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
    names = [f"shouwang-ingest-1-{lane}-acme" for lane in ("urgent", "telemetry")]
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
        ours = identity.client_id(f"shouwang-ingest-1-{lane}-acme", "ingest", broker.accounts.ingest)
        secret = ours.removeprefix(identity.readable(ours))
        assert secret not in caplog.text
        assert secret not in beats
        assert secret not in broker.server.log.read_text()
        assert identity.fingerprint(ours) in beats


# --- our other programs ---------------------------------------------------------------------------------------------


@pytest.fixture
def self_check(broker, database):
    password = secrets.token_urlsafe()
    with BrokerAdmin("127.0.0.1", broker.port, broker.accounts.admin) as admin:
        roles = [{"rolename": canary.VENDOR}]
        admin.command("createClient", username=canary.VENDOR, password=password, roles=roles)
    return Settings(
        database_url=database.url("canary"), mqtt_port=broker.port, mqtt_username=canary.VENDOR, mqtt_password=password,
        canary_late=timedelta(hours=1),
    )  # fmt: skip


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


def issue(broker, tmp_path, login):
    with BrokerAdmin("127.0.0.1", broker.port, broker.accounts.admin) as admin:
        assert terminals.make(admin, [login], tmp_path / "logins.csv") == 1
    return logins_in(tmp_path / "logins.csv")[login.username]


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


# --- a session that was taken is seen -------------------------------------------------------------------------------


@pytest.fixture
def watch(self_check, database, registry):
    with psycopg.connect(database.owner) as conn:
        canary.install(conn)
    mouth = Mouth(self_check)
    mouth.open()
    eventually(lambda: mouth.connected)
    time.sleep(0.3)
    watching = Canary(self_check, mouth, Ear(self_check, None))
    watching.turn(datetime.now(UTC))
    yield watching
    mouth.close()
    watching.close()


def turned(watch, what):
    return eventually(lambda: (watch.turn(datetime.now(UTC)), what())[1])


def test_a_session_of_ours_that_is_taken_is_counted_and_told_at_once(broker, settings, registry, sql, watch):
    alert = "SELECT severity::text, evidence->>'link' FROM alert WHERE rule = 'self_check'"
    with ingesting(settings, sql):
        watch.turn(datetime.now(UTC))
        assert sql(alert) == []
        ours = identity.client_id("shouwang-ingest-1-urgent-acme", "ingest", broker.accounts.ingest)
        Attacker(broker).attack([ours], clean=True)
        turned(watch, lambda: sql(alert))
        assert sql(alert) == [("emergency", "session")]
        detail = "SELECT detail->>'broken', (detail->>'taken_ours')::int > 0 FROM heartbeat WHERE process = 'canary'"
        turned(watch, lambda: sql(detail) == [("session", True)])
    assert ours not in str(sql("SELECT detail::text FROM heartbeat")) + str(sql("SELECT evidence::text FROM alert"))


def test_one_that_is_taken_after_somebody_answered_for_the_last_is_raised_anew(self_check, sql, watch):
    password = self_check.mqtt_password.get_secret_value()
    ours, start = identity.client_id("shouwang-canary", canary.VENDOR, password), datetime.now(UTC)
    raised = "SELECT count(*) FROM alert WHERE rule = 'self_check'"
    for minute, taken, count in ((0, True, 1), (1, True, 1), (2, False, 1), (20, True, 2), (21, True, 2)):
        now = start + timedelta(minutes=minute)
        if minute == 2:
            sql("UPDATE alert SET state = 'resolved', disposition = 'real', resolved_at = %s RETURNING id", now)
        if taken:
            watch._mouth.closed.append(ours)
        watch.turn(now)
        assert sql(raised) == [(count,)], minute


def test_a_vendor_is_told_which_of_its_terminals_was_taken_without_its_secret(broker, registry, sql, tmp_path, watch):
    _, serial = registry.device(0, "sos_button")
    login = issue(broker, tmp_path, terminals.for_terminal("acme", serial))
    terminal = Client(broker, login.username, login.password, login.client_id)
    letters = (
        "SELECT v.code, topic, l.code, count, reason, payload FROM dead_letter l JOIN vendor v ON v.id = vendor_id"
    )
    Attacker(broker).attack([login.client_id], clean=True)
    vendor, topic, code, count, reason, payload = turned(watch, lambda: sql(letters))[0]
    assert (vendor, topic, code, payload) == ("acme", f"sw/v1/acme/{serial}", "session_taken", b"")
    assert count >= 1
    assert "client id" in reason
    assert login.client_id not in str(sql("SELECT * FROM dead_letter"))
    assert sql("SELECT count(*) FROM alert") == [(0,)]
    terminal.close()


def test_a_flood_of_takeovers_makes_one_entry_for_what_is_not_registered_and_no_alarm(broker, sql, watch):
    names = [f"acme/nobody-{number}" for number in range(40)] + [f"whoever-{number}" for number in range(40)]
    for name in names:
        watch._mouth.closed.append(identity.random_id(name))
    turned(watch, lambda: sql("SELECT 1 FROM dead_letter"))
    assert sql("SELECT topic, count FROM dead_letter") == [("sw/v1/acme/+", 40)]
    assert watch.taken.counts == {"ours": 0, "others": 80}
    assert sql("SELECT count(*) FROM alert") == [(0,)]


def test_one_of_ours_is_heard_through_a_flood_of_others(self_check, watch):
    ours = identity.client_id("shouwang-canary", canary.VENDOR, self_check.mqtt_password.get_secret_value())
    line = "1795566718: Client {} already connected, closing old connection."
    for name in [*(f"id-{number}" for number in range(3000)), ours, *(f"id-{number}" for number in range(3000))]:
        watch._mouth._on_message(None, None, SimpleNamespace(payload=line.format(name).encode()))
    watch.turn(datetime.now(UTC))
    assert watch.taken.counts == {"ours": 1, "others": 1000}


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
        name = f"shouwang-ingest-1-{lane}-acme"
        ids[kind] = name if from_what == "ids without a secret" else identity.client_id(name, "ingest", old)
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
