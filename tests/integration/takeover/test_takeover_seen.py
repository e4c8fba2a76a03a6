"""A session that was taken over is counted, told to its vendor, and when it is ours on the banner at once."""

import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import psycopg
import pytest

from alerts.selfcheck.ends import Ear, Mouth
from alerts.selfcheck.program import Canary, night
from core import canary, identity
from deploy import terminals
from registry import selfcheck_store
from tests.takeover_rig import Attacker, Client, ingesting, issue
from tests.waiting import eventually


@pytest.fixture
def watch(self_check, database, registry):
    with psycopg.connect(database.owner) as conn:
        selfcheck_store.install(conn)
    mouth = Mouth(self_check)
    mouth.open()
    eventually(lambda: mouth.connected)
    time.sleep(0.3)
    watching = Canary(self_check, mouth, Ear(self_check, None), night(self_check))
    watching.turn(datetime.now(UTC))
    yield watching
    mouth.close()
    watching.close()


# --- a session that was taken is seen -------------------------------------------------------------------------------


def turned(watch, what):
    return eventually(lambda: (watch.turn(datetime.now(UTC)), what())[1])


def test_a_session_of_ours_that_is_taken_is_counted_and_told_at_once(broker, settings, registry, sql, watch):
    alert = "SELECT severity::text, evidence->>'link' FROM alert WHERE rule = 'self_check'"
    with ingesting(settings, sql):
        watch.turn(datetime.now(UTC))
        assert sql(alert) == []
        ours = identity.client_id("shouwang-ingest-urgent-acme", "ingest", broker.accounts.ingest)
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
        watch._mouth._on_message(
            None, None, SimpleNamespace(topic=canary.BROKER_ERRORS, payload=line.format(name).encode())
        )
    watch.turn(datetime.now(UTC))
    assert watch.taken.counts == {"ours": 1, "others": 1000}
