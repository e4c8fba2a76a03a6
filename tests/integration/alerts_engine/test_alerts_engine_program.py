"""The engine as a program: judged once, whoever dies, whoever else is started, whatever breaks or is registered."""

from datetime import UTC, datetime

import numpy as np
import psycopg
import pytest

from alerts.judging.findings import Findings
from alerts.judging.fleet import Batch, Fleet
from alerts.rules import discover
from tests.engine_rig import ALERTS, MINUTE, NOW, SOS, Rule, broken, judge_all, kinds, pressed, running, watching
from tests.waiting import eventually


def test_a_connection_that_dies_in_mid_step_leaves_nothing_and_the_next_engine_raises_once(settings, inbox, look):
    def dies(fleet: Fleet, batch: Batch, params: None) -> Findings:
        look("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'engine'")
        return pressed(fleet, batch, params)

    inbox(0, "sos_button", "sos", (NOW, 1))
    with pytest.raises(psycopg.OperationalError), watching(settings, Rule("sos", ("sos",), observe=dies)) as watch:
        judge_all(watch, NOW)
    assert look(ALERTS) == []
    with watching(settings, SOS) as watch:
        judge_all(watch, NOW)
    assert look(ALERTS) == [("sos", "emergency", "open", 1, False, None)]


def test_an_engine_whose_connection_is_killed_connects_again_and_counts_nothing_twice(settings, inbox, look):
    with running(settings, SOS):
        inbox(0, "sos_button", "sos", (NOW, 1))
        eventually(lambda: look("SELECT 1 FROM alert"))
        look("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'engine'")
        inbox(0, "sos_button", "sos", (NOW + MINUTE, 1))
        eventually(lambda: look("SELECT 1 FROM alert WHERE count = 2"))
        assert look("SELECT count(*) FROM batch WHERE step IS NULL") == [(0,)]
    assert kinds(look) == ["opened", "raised"]


def test_of_two_engines_one_judges_and_the_other_takes_over_within_five_seconds(settings, inbox, look):
    with running(settings, SOS):
        inbox(0, "sos_button", "sos", (NOW, 1))
        eventually(lambda: look("SELECT 1 FROM alert"))
        with running(settings, SOS):
            for minute in range(1, 6):
                inbox(0, "sos_button", "sos", (NOW + minute * MINUTE, 1))
            eventually(lambda: look("SELECT 1 FROM alert WHERE count = 6"))
            look(
                "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid)"
                " WHERE locktype = 'advisory' AND granted AND objsubid = 2"
            )
            inbox(0, "sos_button", "sos", (NOW + 9 * MINUTE, 1))
            eventually(lambda: look("SELECT 1 FROM alert WHERE count = 7"), seconds=5)
    assert kinds(look).count("opened") == 1
    assert look("SELECT count(*) FROM alert") == [(1,)]


def test_a_rule_that_raises_an_exception_stops_neither_the_others_nor_the_inbox(settings, inbox, look, caplog):
    with watching(settings, Rule("bad", ("sos",), observe=broken), SOS) as watch:
        inbox(0, "sos_button", "sos", (NOW, 1))
        judge_all(watch, NOW)
        watch.beat(NOW)
    assert [row[0] for row in look(ALERTS)] == ["sos"]
    assert look("SELECT detail -> 'failed_rules' FROM heartbeat WHERE process = 'engine/0'") == [(["bad"],)]
    assert "rule bad failed" in caplog.text


def test_a_batch_that_is_not_whole_records_is_dropped_and_said(settings, database, inbox, look, caplog):
    with psycopg.connect(database.url("ingest")) as conn:
        conn.execute(
            "INSERT INTO batch (shard, received_at, urgent, rows, payload) VALUES (0, %s, true, 1, %s)", (NOW, b"xyz")
        )
    inbox(0, "sos_button", "sos", (NOW, 1))
    with watching(settings, SOS) as watch:
        judge_all(watch, NOW)
    assert [row[0] for row in look(ALERTS)] == ["sos"]
    assert "not whole records" in caplog.text


def test_a_home_registered_while_the_engine_runs_is_watched_within_seconds(settings, database, registry, inbox, look):
    with running(settings, SOS):
        eventually(lambda: look("SELECT 1 FROM heartbeat WHERE process = 'engine/0'"))
        with psycopg.connect(database.url("registrar")) as conn:
            device = conn.execute(
                "INSERT INTO device (vendor_id, serial, type, home_id) SELECT vendor_id, 'new', type, home_id"
                " FROM device WHERE type = 'sos_button' ORDER BY id LIMIT 1 RETURNING id"
            ).fetchone()[0]
        registry.devices[0, "new"] = (device, "new")
        eventually(lambda: inbox(0, "new", "sos", (datetime.now(UTC), 1)) or look("SELECT 1 FROM alert"), seconds=8)


def test_rhythms_learned_while_the_engine_runs_are_taken_up(settings, database, registry, look):
    seen: list[float] = []

    def ask(fleet: Fleet, now: int, params: None) -> Findings:
        seen.append(float(np.nanmax(fleet.baseline, initial=0)))
        return Findings.none()

    with running(settings, Rule("ask", (), tick=ask)):
        eventually(lambda: seen)
        look("INSERT INTO baseline VALUES (%s, 3, 3600, 21, now()) RETURNING 1", registry.homes[0])
        look("SELECT pg_notify('baseline', '')")
        eventually(lambda: seen[-1] == 3600)


def test_the_real_rules_raise_an_sos_and_find_a_device_that_has_never_spoken(settings, inbox, look):
    with running(settings):
        inbox(0, "sos_button", "sos", (datetime.now(UTC), 1))
        eventually(lambda: look("SELECT 1 FROM alert WHERE rule = 'sos'"))
        eventually(lambda: look("SELECT 1 FROM alert WHERE rule = 'device_silent' AND severity = 'maintenance'"))
        evidence = look("SELECT evidence FROM alert WHERE rule = 'sos'")[0][0]
        assert evidence["text_zh"]
        assert evidence["text_en"]
    assert set(discover()) >= {"sos", "device_silent"}
