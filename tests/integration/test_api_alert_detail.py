"""What the page of one alert answers: who lives there, the last sign of life, what was before."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from core.catalogue import metrics
from tests.api_service import serving

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    """The suite may have run for an hour when a test of this file begins."""
    monkeypatch.setattr(f"{__name__}.NOW", datetime.now(UTC))


@pytest.fixture
def service(database):
    with serving(database) as running:
        yield running


def put(service, kind, metric, ago, value):
    device, _ = service.registry.device(0, kind)
    service.sql(
        "INSERT INTO reading (ts, device_id, metric, value) VALUES (%s, %s, %s, %s)",
        NOW - ago, device, metrics()[metric].id, value,
    )  # fmt: skip
    return device


def detail(service, alert):
    return service.login("op1").get(f"/api/v1/alerts/{alert}").json()


def test_the_last_sign_of_life_says_when_and_what_showed_it(service):
    alert = service.raise_alert(0, "sos", "emergency")
    assert detail(service, alert)["last_sign"] is None
    put(service, "motion_sensor", "motion", timedelta(hours=2), 1)
    put(service, "motion_sensor", "motion", timedelta(hours=1), 0)  # nobody moved then
    door = put(service, "door_contact", "door_open", timedelta(minutes=30), 1)
    found = detail(service, alert)["last_sign"]
    assert (found["device_id"], found["metric"], found["zh"], found["room"]) == (door, "door_open", "门开", "卧室")
    assert datetime.fromisoformat(found["at"]) == NOW - timedelta(minutes=30)


def test_an_alert_brings_all_residents_and_the_last_three_other_alerts_of_its_home(service):
    home = service.registry.homes[0]
    service.sql("INSERT INTO person (home_id, name, note) VALUES (%s, '测试·老伴1', '听力差')", home)
    others = [service.raise_alert(0, rule, "attention") for rule in ("battery_low", "water_leak", "gas", "door_open")]
    service.raise_alert(1, "sos", "emergency")
    alert = service.raise_alert(0, "sos", "emergency")
    found = detail(service, alert)
    assert [one["note"] for one in found["residents"]] == ["", "听力差"]
    assert [one["id"] for one in found["recent"]] == others[:0:-1]
    assert {one["disposition"] for one in found["recent"]} == {None}


def test_the_page_of_an_alert_is_read_in_a_moment(service):
    """500 alerts of the same home, three days of movement every minute; a generous bound, for machines are shared."""
    motion = put(service, "motion_sensor", "motion", timedelta(0), 1)
    service.sql(
        "INSERT INTO reading (ts, device_id, metric, value)"
        " SELECT %s::timestamptz - n * interval '1 minute', %s, 8, n %% 2"
        " FROM generate_series(1, 4000) n",
        NOW, motion,
    )  # fmt: skip
    service.sql(
        "INSERT INTO alert (home_id, rule, severity, state, occurred_at, opened_at, last_at, evidence,"
        " resolved_at, disposition)"
        " SELECT %s, 'gas', 'urgent', 'resolved', %s, %s, %s, '{}', %s, 'test' FROM generate_series(1, 500)",
        service.registry.homes[0], NOW, NOW, NOW, NOW, program="engine",
    )  # fmt: skip
    alert, client = service.raise_alert(0, "sos", "emergency"), service.login("op1")
    client.get(f"/api/v1/alerts/{alert}")
    begin = time.perf_counter()
    for _ in range(10):
        client.get(f"/api/v1/alerts/{alert}")
    took = (time.perf_counter() - begin) / 10
    print(f"GET /alerts/id: {took * 1000:.1f} ms")
    assert took < 0.5
