"""A device in stock hangs in no home: its keepers see it, the rules know nothing of it until it is placed."""

import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import psycopg
import pytest

from alerts.engine.rebuild import registered
from core.rooms import ROOMS, Room
from core.settings import Settings
from ingest.letters.store import bury, release_quarantine
from ingest.pipeline import Pipeline
from ingest.routes import Routes
from registry import snapshot_store
from registry.register import read
from tests.api_service import serving
from tests.command import Command
from tests.pipeline_rig import NOW, taken

HOME = "H0000,qu.zhen.cun.wangge,测试区/测试镇/测试村/测试网格,测试村1号,测试·老人1,1940-05-01,女,1,"
HEADER = "home_code,area_path,area_names,address,person_name,born,sex,spo2_scale,contacts,vendor,serial,type,room"


@pytest.fixture
def service(database):
    with serving(database, homes=1) as running:
        yield running


@pytest.fixture
def shouwang(service, tmp_path):
    """The command, beside a running API."""
    return Command(service.database, tmp_path)


@pytest.fixture
def stocked(shouwang, tmp_path):
    """A button of the vendor acme in stock, by the command."""
    file = tmp_path / "delivery.csv"
    file.write_text("vendor,serial,type,model\nacme,boxed,sos_button,WS101\n", encoding="utf-8")
    assert shouwang.done("device", "stock", str(file)).strip() == "1 devices taken into stock"
    assert shouwang.done("device", "stock", str(file)).strip() == "nothing to change"
    return "boxed"


def listed(client, **params):
    items = client.get("/api/v1/devices", params={"limit": 200, **params}).json()["items"]
    return {item["serial"]: item for item in items}


def test_what_is_in_stock_is_listed_apart_for_its_vendor_and_for_whoever_looks_after_devices(service, stocked):
    for user in ("op1", "vendor-acme"):
        client = service.login(user)
        assert stocked not in listed(client)
        [found] = listed(client, in_stock=True).values()
        assert (found["serial"], found["model"], found["home"], found["in_stock"]) == (stocked, "WS101", None, True)
        assert not found["silent"]
        shown = client.get(f"/api/v1/devices/{found['id']}").json()
        assert (shown["batteries"], shown["room_kind"]) == ([], "unknown")


def test_the_rules_know_nothing_of_it_until_it_hangs_in_a_home(service, shouwang, stocked, tmp_path):
    def fleet():
        with psycopg.connect(service.database.url("engine")) as conn:
            return registered(conn, ZoneInfo("Asia/Shanghai"), 1, 0)

    [(device,)] = service.sql("SELECT id FROM device WHERE serial = 'boxed'")
    assert device not in fleet().device_ids
    file = tmp_path / "register.csv"
    file.write_text(f"{HEADER}\n{HOME},acme,boxed,sos_button,东屋厕所\n", encoding="utf-8")
    shouwang.done("register", str(file))
    now = fleet()
    [row] = now.rows_of_devices([device])
    assert ROOMS[now.room[row]] is Room.BATHROOM
    shown = service.login("op1").get(f"/api/v1/devices/{device}").json()
    assert (shown["room"], shown["room_kind"], shown["room_zh"], shown["in_stock"]) == (
        "东屋厕所", "bathroom", "卫生间", False,
    )  # fmt: skip
    assert shown["model"] == "WS101", "its model stays"
    assert shouwang.done("device", "take-down", "acme", "boxed").strip() == "in stock"
    assert device not in fleet().device_ids
    assert "hangs in a home" in shouwang.refused("device", "take-down", "acme", "boxed")


def test_a_room_may_be_said_beside_its_text(shouwang, service, tmp_path):
    file = tmp_path / "register.csv"
    rows = [f"{HEADER},room_kind", f"{HOME},acme,n1,sos_button,老屋,厨房", f"{HOME},acme,n2,sos_button,老屋,bathroom"]
    file.write_text("\n".join(rows), encoding="utf-8")
    shouwang.done("register", str(file))
    assert service.sql("SELECT serial, room_kind FROM device WHERE serial ~ '^n' ORDER BY 1") == [
        ("n1", "kitchen"), ("n2", "bathroom"),
    ]  # fmt: skip
    wrong = "\n".join([rows[0], f"{HOME},acme,n3,sos_button,,attic"])
    assert "row 2, room_kind: 'attic' is none of bedroom" in str(read(io.StringIO(wrong), ["acme"]).errors[0])


def test_a_cry_for_help_from_stock_is_seen_and_is_not_replayed_by_itself_when_the_device_is_placed(service, stocked):
    now = datetime.now(UTC)
    with psycopg.connect(service.database.url("ingest")) as conn:
        line = Pipeline(Routes(*snapshot_store.registered(conn)), Settings(database_url="postgresql://"))
        bury(conn, taken("sw/v1/acme/boxed/event", '{"values": {"sos": 1}}', NOW, line=line).refused, now)
        assert release_quarantine(conn, now) == 0
    service.other_area()
    for user in ("op1", "far"):  # where it is nobody knows, so wherever somebody looks
        [letter] = service.login(user).get("/api/v1/dead-letters", params={"unanswered": True}).json()["items"]
        assert (letter["code"], letter["urgent"]) == ("device_in_stock", True)
    assert service.sql("SELECT count(*) FROM alert") == [(0,)]
    service.sql("UPDATE device SET home_id = %s WHERE serial = 'boxed'", service.registry.homes[0])
    with psycopg.connect(service.database.url("ingest")) as conn:
        assert release_quarantine(conn, now) == 0


def test_an_unknown_buttons_cry_is_seen_though_all_of_its_vendors_devices_are_in_stock(service, shouwang, tmp_path):
    file = tmp_path / "delivery.csv"
    file.write_text("vendor,serial,type,model\nbeta,boxed,sos_button,B1\n", encoding="utf-8")
    shouwang.done("device", "stock", str(file))
    with psycopg.connect(service.database.url("ingest")) as conn:
        line = Pipeline(Routes(*snapshot_store.registered(conn)), Settings(database_url="postgresql://"))
        cry = taken("sw/v1/beta/nobodys/event", '[{"n": "sos", "v": 1}]', NOW, line=line)
        bury(conn, cry.refused, datetime.now(UTC))
    [letter] = service.login("op1").get("/api/v1/dead-letters", params={"unanswered": True}).json()["items"]
    assert (letter["code"], letter["urgent"]) == ("unknown_device", True)
