"""Engine and API together: a second press after the first was answered is on every console within a second."""

import time
from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg
import pytest

from core.catalogue import metrics
from core.packed import READING, Flag, pack
from core.settings import Settings
from tests.api_service import Stream, serving
from tests.engine_rig import running, us
from tests.waiting import eventually

SOS = metrics()["sos"].id


@pytest.fixture
def service(database):
    with serving(database) as service, running(Settings(database_url=database.url("engine"))):
        eventually(lambda: service.sql("SELECT 1 FROM heartbeat WHERE process = 'engine/0'"))
        yield service


def press(service, at=None, flags=0):
    """What ingest does when the button of the first home is pressed; the instant at which it has done so."""
    now = datetime.now(UTC)
    row = np.zeros(1, READING)
    row["ts"], row["device"], row["metric"], row["flags"], row["value"] = (
        us(at or now), service.registry.device(0, "sos_button")[0], SOS, flags, 1,
    )  # fmt: skip
    with psycopg.connect(service.database.url("ingest")) as conn:
        conn.execute(
            "INSERT INTO batch (shard, received_at, urgent, rows, payload) VALUES (0, %s, true, 1, %s)",
            (now, pack(row)),
        )
        conn.execute("NOTIFY batch")
    return time.time()


def of_sos(stream):
    while True:
        [event] = stream.alerts(1)
        if event.data["alert"]["rule"] == "sos":
            return event


def test_a_press_after_the_first_was_answered_asks_again_on_every_console_within_a_second(service, record_property):
    client, colleague = service.login("op1"), service.login("op2")
    with Stream(client) as stream:
        press(service)
        first = of_sos(stream).data["alert"]
        path = f"/api/v1/alerts/{first['id']}"
        assert first["asks_since"] == first["opened_at"]
        assert client.post(f"{path}/acknowledge").json()["asks_since"] is None
        assert of_sos(stream).data["alert"]["asks_since"] is None
        assert client.get("/api/v1/alerts/summary").json()["unacknowledged"]["emergency"] == 0
        took = []
        for _ in range(3):
            sent = press(service)
            event = of_sos(stream)
            took.append(event.at - sent)
            again = event.data["alert"]
            assert (event.data["event"]["kind"], event.data["event"]["data"]["asks"]) == ("raised", True)
            assert (again["state"], again["handler"] is not None) == ("acknowledged", True)
            assert again["asks_since"] > first["opened_at"]
            assert client.get("/api/v1/alerts/summary").json()["unacknowledged"]["emergency"] == 1
            taken = colleague.post(f"{path}/acknowledge").json()
            assert (taken["handler"]["name"], taken["asks_since"]) == ("测试·op2", None)
            assert colleague.post(f"{path}/acknowledge").status_code == 409
            assert of_sos(stream).data["event"]["kind"] == "acknowledged"
    record_property("seconds", took)
    print("second cry on the stream after", [round(one, 3) for one in took])
    assert max(took) <= 1


def test_a_press_of_25_minutes_ago_that_has_just_come_in_says_so_on_the_stream(service):
    pressed = datetime.now(UTC) - timedelta(minutes=25)
    with Stream(service.login("op1")) as stream:
        press(service, pressed, Flag.LATE)
        alert = of_sos(stream).data["alert"]
    assert alert["late"] is True
    assert abs(datetime.fromisoformat(alert["occurred_at"]) - pressed) < timedelta(milliseconds=1)
    assert datetime.fromisoformat(alert["opened_at"]) - pressed > timedelta(minutes=25)
