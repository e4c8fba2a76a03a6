"""The engine on a real database: what arrives is judged once, whoever dies and whoever else has been started."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
import pytest

from alerts.desk import Action, act
from alerts.engine import Engine
from alerts.findings import Findings
from alerts.fleet import Batch, Fleet
from alerts.rules import discover
from alerts.watch import Watch
from core.catalogue import metrics
from core.model import Disposition, Severity
from core.packed import READING, Flag, pack
from core.settings import Settings
from tests.registry import seed

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def us(moment: datetime) -> int:
    return round(moment.timestamp() * 1e6)


@dataclass(frozen=True)
class Rule:
    """A rule as small as a test needs."""

    name: str
    metrics: tuple[str, ...]
    observe: Callable[..., Findings] | None = None
    tick: Callable[..., Findings] | None = None
    clear_after: timedelta = 2 * MINUTE
    history: timedelta = timedelta()
    params: Any = None


def pressed(fleet: Fleet, batch: Batch, params: None) -> Findings:
    found = batch.where(batch.value > 0)
    late = (found.flags & Flag.LATE) != 0
    return Findings.of(found.home, found.ts, severity=Severity.EMERGENCY, device=found.device, late=late)


def too_cold(severity: Severity = Severity.URGENT):
    def tick(fleet: Fleet, now: int, params: None) -> Findings:
        column = fleet.column("temperature")
        cold, warm = column.value < 10, np.ones(len(fleet.home_ids), bool)
        warm[column.home[column.value < 12]] = False
        worst = [Severity.EMERGENCY if value < 5 else severity for value in column.value[cold]]
        return Findings.of(
            column.home[cold], column.ts[cold], severity=worst, device=column.device[cold], clear=warm,
            evidence=lambda position: {"value": column.value[cold][position]},
        )  # fmt: skip

    return tick


def broken(fleet: Fleet, batch: Batch, params: None) -> Findings:
    raise RuntimeError("a bug")


SOS = Rule("sos", ("sos",), observe=pressed)
COLD = Rule("cold", ("temperature",), tick=too_cold())


@pytest.fixture
def registry(database):
    return seed(database.owner, homes=2, types=("sos_button", "climate_sensor"))


@pytest.fixture
def settings(database):
    return Settings(database_url=database.url("engine"))


@pytest.fixture
def inbox(database, registry):
    with psycopg.connect(database.url("ingest"), autocommit=True) as conn:

        def put(home: int, device: str, metric: str, *readings: tuple[datetime, float], flags=0, received=None):
            rows = np.zeros(len(readings), READING)
            for row, (ts, value) in zip(rows, readings, strict=True):
                row["ts"], row["value"], row["flags"] = us(ts), value, flags
            rows["device"] = registry.device(home, device)[0]
            rows["metric"] = metrics()[metric].id
            received = received or max(ts for ts, _ in readings)
            with conn.transaction():
                conn.execute(
                    "INSERT INTO batch (shard, received_at, urgent, rows, payload) VALUES (0, %s, %s, %s, %s)",
                    (received, metric == "sos", len(rows), pack(rows)),
                )
                conn.execute("NOTIFY batch")

        yield put


@pytest.fixture
def look(database):
    with psycopg.connect(database.owner, autocommit=True) as conn:
        yield lambda query, *values: conn.execute(query, values).fetchall()


@contextmanager
def watching(settings: Settings, *rules: Rule, now: datetime = NOW) -> Iterator[Watch]:
    with psycopg.connect(settings.database_url.get_secret_value(), autocommit=True) as conn:
        yield Watch(conn, settings, {rule.name: rule for rule in rules}, now)


@contextmanager
def running(settings: Settings, *rules: Rule) -> Iterator[threading.Thread]:
    stop = threading.Event()
    engine = Engine(settings, {rule.name: rule for rule in rules} if rules else None)
    thread = threading.Thread(target=engine.run, args=(stop,))
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(15)
        assert not thread.is_alive(), "it did not stop"


def eventually(what: Callable[[], Any], seconds: float = 15) -> Any:
    end = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
    return answer


def judge_all(watch: Watch, now: datetime) -> None:
    while watch.judge_lane(now, urgent=True) or watch.judge_lane(now, urgent=False):
        pass


def kinds(look) -> list[str]:
    return [row[0] for row in look("SELECT kind FROM alert_event ORDER BY id")]


ALERTS = "SELECT rule, severity, state, count, late, cleared_at FROM alert ORDER BY id"


def test_an_sos_becomes_one_alert_and_a_second_press_raises_its_count(settings, inbox, look):
    with watching(settings, SOS) as watch:
        inbox(0, "sos_button", "sos", (NOW, 1))
        judge_all(watch, NOW)
        inbox(0, "sos_button", "sos", (NOW + MINUTE, 1))
        judge_all(watch, NOW + MINUTE)
    assert look(ALERTS) == [("sos", "emergency", "open", 2, False, None)]
    assert kinds(look) == ["opened", "raised"]
    assert look("SELECT count(*) FROM batch WHERE step IS NULL") == [(0,)]


def test_an_sos_after_the_first_was_resolved_opens_a_second_alert(settings, database, registry, inbox, look):
    with watching(settings, SOS) as watch, psycopg.connect(database.url("api"), autocommit=True) as api:
        inbox(0, "sos_button", "sos", (NOW, 1))
        judge_all(watch, NOW)
        alert = look("SELECT id FROM alert")[0][0]
        act(api, alert, Action.RESOLVE, registry.accounts["op1"], NOW, disposition=Disposition.TEST)
        inbox(0, "sos_button", "sos", (NOW + MINUTE, 1))
        judge_all(watch, NOW + MINUTE)
    assert [row[2] for row in look(ALERTS)] == ["resolved", "open"]
    assert kinds(look) == ["opened", "resolved", "opened"]


def test_a_press_judged_while_an_operator_resolves_is_never_lost(settings, database, registry, inbox, look):
    with watching(settings, SOS) as watch, psycopg.connect(database.url("api")) as api:
        inbox(0, "sos_button", "sos", (NOW, 1))
        judge_all(watch, NOW)
        alert = look("SELECT id FROM alert")[0][0]
        inbox(0, "sos_button", "sos", (NOW + MINUTE, 1))
        with api.transaction():  # resolved, not committed: the engine cannot know of it and has to wait
            act(api, alert, Action.RESOLVE, registry.accounts["op1"], NOW, disposition=Disposition.TEST)
            thread = threading.Thread(target=judge_all, args=(watch, NOW + MINUTE))
            thread.start()
            eventually(lambda: look("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
        thread.join(10)
    assert [row[2:4] for row in look(ALERTS)] == [("resolved", 1), ("open", 1)]


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


def test_a_late_sos_is_raised_and_marked(settings, inbox, look):
    with watching(settings, SOS) as watch:
        inbox(0, "sos_button", "sos", (NOW - 60 * MINUTE, 1), flags=Flag.LATE, received=NOW)
        judge_all(watch, NOW)
    assert look("SELECT late, occurred_at, opened_at FROM alert") == [(True, NOW - 60 * MINUTE, NOW)]


def test_an_emergency_is_judged_before_the_backlog_that_came_first(settings, inbox, look):
    for minute in range(200):
        inbox(0, "climate_sensor", "temperature", (NOW + minute * MINUTE, 20))
    inbox(1, "sos_button", "sos", (NOW, 1))
    with watching(settings, SOS) as watch:
        watch.judge_lane(NOW, urgent=True)
        assert look("SELECT count(*) FROM batch WHERE step IS NULL") == [(200,)]
        assert look("SELECT count(*) FROM alert") == [(1,)]
        judge_all(watch, NOW)
    assert look("SELECT count(*) FROM batch WHERE step IS NULL") == [(0,)]


def test_a_condition_is_raised_once_gets_worse_clears_with_delay_and_comes_back(settings, inbox, look):
    def at(minute: float, value: float | None = None) -> None:
        moment = NOW + minute * MINUTE
        if value is not None:
            inbox(0, "climate_sensor", "temperature", (moment, value))
        judge_all(watch, moment)
        watch.tick(moment)

    with watching(settings, COLD) as watch:
        at(0, 9)
        at(1, 9)
        assert kinds(look) == ["opened"]
        at(2, 4)
        assert kinds(look) == ["opened", "severity"]
        at(3, 11)  # warmer, but not clear yet: the threshold for clearing is its own
        at(6, 13)
        at(7)
        assert kinds(look) == ["opened", "severity"], "it must stay clear for two minutes"
        at(8)
        assert kinds(look) == ["opened", "severity", "cleared"]
        at(9, 9)
    assert kinds(look) == ["opened", "severity", "cleared", "returned"]
    assert look(ALERTS) == [("cold", "emergency", "open", 3, False, None)]
    assert look("SELECT evidence FROM alert") == [({"value": 4.0},)]


def test_a_maintenance_alert_ends_by_itself_as_recovered(settings, inbox, look):
    with watching(settings, Rule("cold", ("temperature",), tick=too_cold(Severity.MAINTENANCE))) as watch:
        for minute, value in ((0, 9), (1, 15), (2, 15), (3, 15)):
            moment = NOW + minute * MINUTE
            inbox(0, "climate_sensor", "temperature", (moment, value))
            judge_all(watch, moment)
            watch.tick(moment)
    assert look("SELECT state, disposition, handler_id FROM alert") == [("resolved", "recovered", None)]
    assert kinds(look) == ["opened", "cleared", "resolved"]


def test_what_was_resolved_and_still_holds_is_raised_again_after_half_an_hour(
    settings, database, registry, inbox, look
):
    with watching(settings, COLD) as watch, psycopg.connect(database.url("api"), autocommit=True) as api:
        inbox(0, "climate_sensor", "temperature", (NOW, 9))
        judge_all(watch, NOW)
        watch.tick(NOW)
        alert = look("SELECT id FROM alert")[0][0]
        act(api, alert, Action.RESOLVE, registry.accounts["op1"], NOW, disposition=Disposition.REAL)
        watch.tick(NOW + 29 * MINUTE)
        assert kinds(look) == ["opened", "resolved"]
    with watching(settings, COLD, now=NOW + 29 * MINUTE) as watch:  # an engine that was started since knows it too
        watch.tick(NOW + 29 * MINUTE)
        assert kinds(look) == ["opened", "resolved"]
        watch.tick(NOW + 31 * MINUTE)
    assert kinds(look) == ["opened", "resolved", "opened"]


@pytest.mark.parametrize("written", [False, True])
def test_a_restart_knows_every_value_whether_or_not_latest_was_written(settings, inbox, look, written):
    with watching(settings, COLD) as watch:
        inbox(0, "climate_sensor", "temperature", (NOW - 5 * MINUTE, 20), (NOW, 9))
        inbox(0, "sos_button", "sos", (NOW - MINUTE, 1))
        judge_all(watch, NOW)
        watch.tick(NOW)
        if written:
            watch.write_all_latest()
            assert look("SELECT count(*) FROM latest") == [(2,)]
            assert look("SELECT at FROM life") == [(NOW - MINUTE,)]
            assert look("SELECT count(*) FROM batch WHERE step IS NOT NULL") == [(0,)]
        before = watch.judge.fleet
    with watching(settings, COLD) as watch:
        after = watch.judge.fleet
        for name in ("ts", "value", "since", "seen"):
            for metric in ("temperature", "sos"):
                one, other = getattr(before.column(metric), name), getattr(after.column(metric), name)
                np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(before.last_life, after.last_life)
        np.testing.assert_array_equal(before.last_seen, after.last_seen)
        watch.tick(NOW + MINUTE)
    assert kinds(look) == ["opened"], "a restart raises nothing again"


def test_history_that_was_loaded_in_bulk_is_known_at_the_first_start(settings, database, registry, look):
    device = registry.device(0, "climate_sensor")[0]
    with psycopg.connect(database.url("ingest")) as conn:
        for hours, value in ((3, 20), (2, 21)):
            conn.execute(
                "INSERT INTO reading (ts, device_id, metric, value) VALUES (%s, %s, %s, %s)",
                (NOW - timedelta(hours=hours), device, metrics()["temperature"].id, value),
            )
    with watching(settings, COLD) as watch:
        column = watch.judge.fleet.column("temperature")
        assert column.ts.max() == us(NOW - timedelta(hours=2))
        watch.write_all_latest()
    assert look("SELECT value FROM latest") == [(21.0,)]


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


def test_absence_is_judged_only_up_to_what_has_been_read(settings, inbox):
    asked: list[int] = []

    def ask(fleet: Fleet, now: int, params: None) -> Findings:
        asked.append(now)
        return Findings.none()

    inbox(0, "climate_sensor", "temperature", (NOW - 60 * MINUTE, 20))
    with watching(settings, Rule("ask", (), tick=ask)) as watch:
        watch.tick(NOW)
        judge_all(watch, NOW)
        watch.tick(NOW)
    assert asked == [us(NOW - 60 * MINUTE), us(NOW)]


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
