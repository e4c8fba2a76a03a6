"""What a device said a moment ago is shown everywhere, though `latest` was written long before."""

from datetime import UTC, datetime, timedelta

import pytest

from core.catalogue import metrics
from core.packed import Flag
from tests.api_service import serving

NOW = datetime.now(UTC).replace(microsecond=0)
MOMENT, HALF_HOUR = timedelta(seconds=1), timedelta(minutes=30)


@pytest.fixture(autouse=True)
def _now(monkeypatch):
    """The suite may have run for an hour when a test of this file begins."""
    monkeypatch.setattr(f"{__name__}.NOW", datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
def service(database):
    with serving(database) as running:
        yield running


def stored(service, device, metric, value, ago=MOMENT, flags=0):
    service.sql(
        "INSERT INTO reading (ts, device_id, metric, flags, value) VALUES (%s, %s, %s, %s, %s)",
        NOW - ago, device, metrics()[metric].id, flags, value,
    )  # fmt: skip


def written(service, device, metric, value, ago=HALF_HOUR):
    service.sql(
        "INSERT INTO latest (device_id, metric, ts, value, since, seen_at) VALUES (%s, %s, %s, %s, %s, %s)",
        device, metrics()[metric].id, NOW - ago, value, NOW - ago, NOW - ago,
    )  # fmt: skip


def shown(service, device):
    """A device as the list, its own page and its home's page show it: all alike."""
    client = service.login("op1")
    listed = {one["id"]: one for one in client.get("/api/v1/devices", params={"limit": 200}).json()["items"]}[device]
    alone = client.get(f"/api/v1/devices/{device}").json()
    at_home = client.get(f"/api/v1/homes/{listed['home']['id']}").json()["devices"]
    assert alone == next(one for one in at_home if one["id"] == device)
    assert listed == {key: value for key, value in alone.items() if key not in ("latest", "batteries")}
    return alone


def seen_ago(device):
    return device["last_seen_at"] and NOW - datetime.fromisoformat(device["last_seen_at"])


def ids(service, **params):
    client = service.login("op1")
    return {one["id"] for one in client.get("/api/v1/devices", params={"limit": 200, **params}).json()["items"]}


def test_a_reading_stored_now_is_shown_by_list_device_and_home_alike(service):
    gateway, _ = service.registry.device(0, "gateway")
    for metric, value in (("online", 0), ("battery", 90)):
        written(service, gateway, metric, value, ago=timedelta(hours=2))
    before = shown(service, gateway)
    assert (before["silent"], before["online"], before["battery"]) == (True, False, 90)
    stored(service, gateway, "online", 1)
    stored(service, gateway, "battery", 88)
    after = shown(service, gateway)
    assert (after["silent"], after["online"], after["battery"], seen_ago(after)) == (False, True, 88, MOMENT)
    assert {one["metric"]: one["value"] for one in after["latest"]} == {"online": 1, "battery": 88}


def test_the_first_words_of_a_device_are_shown(service):
    climate, _ = service.registry.device(0, "climate_sensor")
    assert (shown(service, climate)["last_seen_at"], shown(service, climate)["latest"]) == (None, [])
    stored(service, climate, "temperature", 21)
    found = shown(service, climate)
    assert [(one["metric"], one["value"]) for one in found["latest"]] == [("temperature", 21)]
    assert (seen_ago(found), found["silent"]) == (MOMENT, False)


def test_an_older_reading_changes_nothing(service):
    climate, _ = service.registry.device(0, "climate_sensor")
    written(service, climate, "temperature", 21)
    stored(service, climate, "temperature", 5, ago=timedelta(hours=1))
    found = shown(service, climate)
    assert (found["latest"][0]["value"], seen_ago(found)) == (21, HALF_HOUR)


@pytest.mark.parametrize(("metric", "value", "flags"), [("online", 0, 0), ("online", 1, Flag.RETAINED)])
def test_what_the_broker_says_is_no_word_from_the_device(service, metric, value, flags):
    gateway, _ = service.registry.device(0, "gateway")
    stored(service, gateway, metric, value, flags=int(flags))
    assert (shown(service, gateway)["last_seen_at"], shown(service, gateway)["online"]) == (None, bool(value))


def test_a_clock_that_is_ahead_is_not_heard_in_the_future(service):
    climate, _ = service.registry.device(0, "climate_sensor")
    stored(service, climate, "temperature", 21, ago=timedelta(minutes=-4))
    found = service.login("op1").get(f"/api/v1/devices/{climate}").json()
    assert datetime.fromisoformat(found["last_seen_at"]) <= datetime.now(UTC)
    assert found["latest"][0]["value"] == 21


def test_filters_choose_by_what_was_said_now(service):
    spoke, fell, changed = (service.registry.device(0, kind)[0] for kind in ("gateway", "sos_button", "wristband"))
    written(service, spoke, "battery", 80, ago=timedelta(hours=2))
    written(service, fell, "battery", 60)
    written(service, changed, "battery", 10)
    assert (spoke in ids(service, silent=True), ids(service, battery_below=20)) == (True, {changed})
    stored(service, spoke, "battery", 80)
    stored(service, fell, "battery", 12)
    stored(service, changed, "battery", 100)
    assert (spoke in ids(service, silent=True), spoke in ids(service, silent=False)) == (False, True)
    assert ids(service, battery_below=20) == {fell}


def test_the_list_of_homes_knows_who_spoke_and_when_a_door_was_last_used(service):
    door, _ = service.registry.device(0, "door_contact")
    written(service, door, "door_open", 0, ago=timedelta(hours=30))
    before = service.login("op1").get("/api/v1/homes").json()["items"][0]
    stored(service, door, "door_open", 1)
    after = service.login("op1").get("/api/v1/homes").json()["items"][0]
    assert before["silent_devices"] - after["silent_devices"] == 1
    assert NOW - datetime.fromisoformat(before["last_life_at"]) == timedelta(hours=30)
    assert NOW - datetime.fromisoformat(after["last_life_at"]) == MOMENT


def test_readings_of_days_are_shown_while_the_engine_that_would_write_them_stands_still(service):
    climate, _ = service.registry.device(0, "climate_sensor")
    written(service, climate, "temperature", 21, ago=timedelta(days=5))
    stored(service, climate, "temperature", 5, ago=timedelta(days=3))
    assert shown(service, climate)["latest"][0]["value"] == 21
    service.sql(
        "INSERT INTO batch (shard, received_at, urgent, rows, payload) VALUES (0, %s, false, 1, '')",
        NOW - timedelta(days=3),
    )
    assert shown(service, climate)["latest"][0]["value"] == 5


def test_a_vendor_sees_its_devices_as_they_are_now(service):
    climate, _ = service.registry.device(0, "climate_sensor")
    written(service, climate, "battery", 90)
    stored(service, climate, "battery", 55)
    client = service.login("vendor-acme")
    listed = next(one for one in client.get("/api/v1/devices?limit=200").json()["items"] if one["id"] == climate)
    assert (listed["battery"], listed["home"]) == (55, None)
    assert client.get(f"/api/v1/devices/{climate}").json()["battery"] == 55
