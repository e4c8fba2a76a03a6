"""Homes, devices and their past, as the console shows them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.catalogue import metrics
from tests.api_service import serving
from tests.registry import TYPES

NOW = datetime.now(UTC)
EACH = len(TYPES)  # devices in a home


@pytest.fixture
def service(database):
    with serving(database) as running:
        yield running


def put(service, device, metric, *values, every=timedelta(minutes=1), until=NOW):
    """Store readings, the last of them at `until`."""
    for number, value in enumerate(reversed(values)):
        service.sql(
            "INSERT INTO reading (ts, device_id, metric, value) VALUES (%s, %s, %s, %s)",
            until - every * number, device, metrics()[metric].id, value,
        )  # fmt: skip


def put_many(service, device, metric, count, every):
    service.sql(
        "INSERT INTO reading (ts, device_id, metric, value) SELECT %s - n * %s::interval, %s, %s, n"
        " FROM generate_series(0, %s - 1) n",
        NOW, every, device, metrics()[metric].id, count,
    )  # fmt: skip


def seen(service, device, metric, value, ago=timedelta(0), since=None):
    moment = NOW - ago
    service.sql(
        "INSERT INTO latest (device_id, metric, ts, value, since, seen_at) VALUES (%s, %s, %s, %s, %s, %s)",
        device, metrics()[metric].id, moment, value, since or moment, moment,
    )  # fmt: skip


def home_of(service, number=0):
    return service.login("op1").get("/api/v1/homes").json()["items"][number]


def test_a_home_is_listed_with_its_devices_alerts_and_last_sign_of_life(service):
    service.raise_alert(0, "battery_low", "maintenance")
    service.raise_alert(0, "sos", "emergency")
    motion, _ = service.registry.device(0, "motion_sensor")
    put(service, motion, "motion", 1, 0, 0, every=timedelta(hours=1))
    seen(service, motion, "motion", 0)
    item = home_of(service)
    assert (item["code"], item["person_name"], item["area_name"]) == (
        "H0000", "测试·老人1", "测试区 / 测试镇 / 测试村 / 测试网格",
    )  # fmt: skip
    assert (item["devices"], item["silent_devices"]) == (EACH, EACH - 1)
    assert (item["active_alerts"], item["worst_severity"]) == (2, "emergency")
    assert abs(datetime.fromisoformat(item["last_life_at"]) - (NOW - timedelta(hours=2))) < timedelta(seconds=1)
    quiet = home_of(service, 1)
    assert (quiet["active_alerts"], quiet["worst_severity"], quiet["last_life_at"]) == (0, None, None)


@pytest.mark.parametrize(
    ("kind", "metric", "values", "since", "expected"),
    [
        ("water_meter", "water_volume", (5, 5, 7, 7), timedelta(hours=3), timedelta(hours=1)),  # it rose
        ("water_meter", "water_volume", (7, 7, 7, 7), timedelta(hours=3), None),  # it stood still
        ("door_contact", "door_open", (0, 1, 1, 1), timedelta(hours=2), timedelta(hours=2)),  # it was opened
        ("motion_sensor", "motion", (0, 0, 0, 0), timedelta(hours=3), None),  # nobody moved
        ("climate_sensor", "temperature", (20, 21, 22, 23), timedelta(hours=3), None),  # rooms don't live
    ],
)
def test_a_sign_of_life_is_what_the_catalogue_says(service, kind, metric, values, since, expected):
    device, _ = service.registry.device(0, kind)
    put(service, device, metric, *values, every=timedelta(hours=1))
    seen(service, device, metric, values[-1], since=NOW - since)
    found = home_of(service)["last_life_at"]
    assert (found is None) == (expected is None)
    if found:
        assert abs(datetime.fromisoformat(found) - (NOW - expected)) < timedelta(seconds=1)


def test_searching_homes_takes_the_text_literally(service):
    client = service.login("op1")
    for text, count in (("H0001", 1), ("老人2", 1), ("测试镇", 2), ("%", 0), ("_", 0), ("'", 0)):
        assert (text, len(client.get("/api/v1/homes", params={"q": text}).json()["items"])) == (text, count)


def test_homes_and_devices_come_in_pages_without_gap(service):
    client = service.login("op1")
    for path, size, count in (("homes", 1, 2), ("devices", 7, 2 * EACH)):
        found, cursor = [], None
        while True:
            params = {"limit": size, **({"cursor": cursor} if cursor else {})}
            page = client.get(f"/api/v1/{path}", params=params).json()
            found += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if not cursor:
                break
        assert len(found) == len(set(found)) == count


def test_a_home_shows_whom_to_call_what_hangs_there_and_the_learned_rhythm(service):
    wristband, _ = service.registry.device(0, "wristband")
    seen(service, wristband, "heart_rate", 71)
    seen(service, wristband, "battery", 15)
    home = service.registry.homes[0]
    service.sql("INSERT INTO baseline VALUES (%s, 3, 28800, 14, now())", home, program="engine")
    service.sql("UPDATE device SET retired_at = now() WHERE serial = 'co_detector-0'")
    service.raise_alert()
    found = service.login("op1").get(f"/api/v1/homes/{home}").json()
    assert [contact["role"] for contact in found["contacts"]] == ["委托照料人", "网格员"]
    assert found["baseline"] == [{"hour": 3, "gap_seconds": 28800, "days": 14}]
    assert len(found["devices"]) == EACH - 1
    assert len(found["active_alerts"]) == 1
    band = next(device for device in found["devices"] if device["type"] == "wristband")
    assert (band["battery"], band["silent"], band["room"], band["type_zh"]) == (15, False, "卧室", "健康手环")
    assert {entry["metric"]: entry["value"] for entry in band["latest"]} == {"heart_rate": 71, "battery": 15}


def test_a_home_names_all_who_live_there_with_the_notes_on_them(service):
    home = service.registry.homes[0]
    service.sql(
        "INSERT INTO person (home_id, name, born, sex, note) VALUES (%s, '测试·老伴1', '1938-02-03', 'male', '听力差')",
        home,
    )
    residents = service.login("op1").get(f"/api/v1/homes/{home}").json()["residents"]
    assert [(one["name"], one["sex"], one["note"]) for one in residents] == [
        ("测试·老人1", "female", ""), ("测试·老伴1", "male", "听力差"),
    ]  # fmt: skip
    assert all(one["age"] >= 85 for one in residents)


def test_the_brokers_word_that_a_device_is_away_is_no_word_from_the_device(service):
    gateway, _ = service.registry.device(0, "gateway")
    seen(service, gateway, "online", 0)
    found = service.login("op1").get(f"/api/v1/devices/{gateway}").json()
    assert (found["online"], found["silent"], found["last_seen_at"]) == (False, True, None)


def test_devices_are_found_by_silence_battery_type_and_text(service):
    button, _ = service.registry.device(0, "sos_button")
    seen(service, button, "battery", 12)
    client = service.login("op1")

    def count(**params):
        return len(client.get("/api/v1/devices", params={"limit": 200, **params}).json()["items"])

    assert (count(), count(silent=False), count(silent=True)) == (2 * EACH, 1, 2 * EACH - 1)
    assert (count(battery_below=20), count(battery_below=12), count(type="sos_button")) == (1, 0, 2)
    assert (count(q="sos_button-0"), count(q="H0001"), count(q="测试村2号"), count(q="sos%")) == (1, EACH, EACH, 0)


def history(service, device, client=None, **params):
    client = client or service.login("op1")
    return client.get(f"/api/v1/devices/{device}/history", params=params)


def test_history_takes_the_finest_bucket_that_fits(service):
    device, _ = service.registry.device(0, "climate_sensor")
    put_many(service, device, "temperature", 3000, "10 minutes")
    begin = {span: (NOW - timedelta(days=span)).isoformat() for span in (1, 5, 20, 100)}
    to = (NOW + timedelta(seconds=1)).isoformat()
    buckets = {
        span: history(service, device, metric="temperature", **{"from": start, "to": to}).json()["bucket"]
        for span, start in begin.items()
    }
    assert buckets == {1: "raw", 5: "raw", 20: "1h", 100: "1d"}


def test_history_in_buckets_keeps_mean_low_high_and_count(service):
    device, _ = service.registry.device(0, "climate_sensor")
    noon = datetime(2026, 1, 2, 4, tzinfo=UTC)
    put(service, device, "temperature", 10, 20, 30, every=timedelta(minutes=20), until=noon + timedelta(minutes=59))
    span = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-10T00:00:00Z"}
    for bucket, ts in (("1h", "2026-01-02T04:00:00Z"), ("1d", "2026-01-01T16:00:00Z")):
        answer = history(service, device, metric="temperature", bucket=bucket, **span).json()
        assert answer["points"] == [{"ts": ts, "mean": 20, "low": 10, "high": 30, "readings": 3}]
    assert (answer["unit"], answer["metric"]) == ("°C", "temperature")


def test_history_that_can_not_be_shown_says_why(service):
    device, _ = service.registry.device(0, "climate_sensor")
    client = service.login("op1")
    for params, code in (
        ({"bucket": "1m", "from": "2026-01-01T00:00:00Z", "to": "2026-01-03T00:00:00Z"}, "too_many_points"),
        ({"from": "2026-01-03T00:00:00Z", "to": "2026-01-03T00:00:00Z"}, "bad_range"),
        ({"metric": "nonsense"}, "unknown_metric"),
        ({"bucket": "2h"}, "invalid"),
        ({"from": "2026-01-03T00:00:00"}, "invalid"),
    ):
        answer = history(service, device, client, **{"metric": "temperature", **params})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    ages = {"metric": "temperature", "from": "2001-01-01T00:00:00Z", "to": "2026-01-03T00:00:00Z"}
    assert history(service, device, client, **ages).json() == {
        "metric": "temperature", "unit": "°C", "unit_zh": "°C", "bucket": "raw", "points": [],
    }  # fmt: skip


def test_raw_history_is_bounded(service):
    device, _ = service.registry.device(0, "climate_sensor")
    put_many(service, device, "temperature", 2001, "10 seconds")
    span = {"from": (NOW - timedelta(days=1)).isoformat(), "to": (NOW + timedelta(seconds=1)).isoformat()}
    answer = history(service, device, metric="temperature", bucket="raw", **span)
    assert answer.json()["error"]["code"] == "too_many_points"
    assert history(service, device, metric="temperature", **span).json()["bucket"] == "1m"


def test_a_moved_device_shows_each_area_only_what_it_measured_there(service):
    service.other_area()
    ((there,),) = service.sql(
        "INSERT INTO home (code, area_id, address) SELECT 'X1', id, '别处一号' FROM area"
        " WHERE path = 'elsewhere' RETURNING id"
    )
    device, _ = service.registry.device(0, "climate_sensor")
    put(service, device, "temperature", 11, until=NOW - timedelta(hours=1))
    service.sql("UPDATE device SET home_id = %s WHERE id = %s", there, device)
    after = datetime.now(UTC) + timedelta(seconds=1)
    put(service, device, "temperature", 22, until=after)
    span = {
        "metric": "temperature",
        "from": (NOW - timedelta(days=1)).isoformat(),
        "to": (after + timedelta(hours=2)).isoformat(),
    }
    assert history(service, device, **span).status_code == 404
    far = history(service, device, service.login("far"), **span).json()
    assert [point["mean"] for point in far["points"]] == [22]
    vendor = history(service, device, service.login("vendor-acme"), **span).json()
    assert [point["mean"] for point in vendor["points"]] == [11, 22]
    home = service.registry.homes[0]
    lanes = day(service, home, NOW - timedelta(hours=1))["lanes"]
    assert [value for lane in lanes if lane["device_id"] == device for _, value in lane["points"]] == [11]


def day(service, home, moment, username="op1"):
    date = moment.astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat()
    return service.login(username).get(f"/api/v1/homes/{home}/day", params={"date": date}).json()


def test_a_day_is_local_and_quantities_are_five_minute_means(service):
    door, _ = service.registry.device(0, "door_contact")
    climate, _ = service.registry.device(0, "climate_sensor")
    midnight = datetime(2026, 3, 1, 16, tzinfo=UTC)  # 00:00 in Shanghai on the 2nd
    put(service, door, "door_open", 1, 0, 1, every=timedelta(minutes=1), until=midnight + timedelta(minutes=1))
    put(service, climate, "temperature", 18, 20, every=timedelta(minutes=1), until=midnight + timedelta(minutes=2))
    found = day(service, service.registry.homes[0], midnight)
    assert (found["date"], found["timezone"]) == ("2026-03-02", "Asia/Shanghai")
    bounds = [datetime.fromisoformat(found[end]) for end in ("since", "until")]
    assert bounds == [midnight, midnight + timedelta(days=1)]
    lanes = {lane["metric"]: lane["points"] for lane in found["lanes"]}
    start = int(midnight.timestamp() * 1000)
    assert lanes == {"door_open": [[start, 0], [start + 60_000, 1]], "temperature": [[start, 19]]}


@pytest.mark.parametrize(
    ("every", "count", "incomplete"),
    [
        (100, 31, False),  # far too many readings, of which few change anything: the changes are all there
        (1, 2000, True),  # changes every 10 seconds: the last 2000, and the lane says so
    ],
)
def test_a_days_lane_is_bounded_by_what_matters_least(service, every, count, incomplete):
    motion, _ = service.registry.device(0, "motion_sensor")
    midnight = datetime(2026, 3, 1, 16, tzinfo=UTC)
    service.sql(
        "INSERT INTO reading (ts, device_id, metric, value)"
        " SELECT %s::timestamptz + n * interval '10 s', %s, 8, n / %s %% 2 FROM generate_series(0, 3000) n",
        midnight, motion, every,
    )  # fmt: skip
    (lane,) = day(service, service.registry.homes[0], midnight)["lanes"]
    assert (len(lane["points"]), lane["incomplete"]) == (count, incomplete)
    assert lane["points"][-1][0] == int((midnight + timedelta(seconds=30_000)).timestamp() * 1000)


def test_what_was_stored_after_latest_was_written_is_shown(service):
    motion, _ = service.registry.device(0, "motion_sensor")
    seen(service, motion, "motion", 0, ago=timedelta(minutes=10))
    put(service, motion, "motion", 0, 1, every=timedelta(minutes=20))
    found = service.login("op1").get(f"/api/v1/devices/{motion}").json()["latest"]
    assert [(one["metric"], one["value"]) for one in found] == [("motion", 1.0)]
    assert datetime.fromisoformat(found[0]["ts"]) == datetime.fromisoformat(found[0]["since"]) == NOW
