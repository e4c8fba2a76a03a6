"""Homes and devices are found by what somebody at the telephone says, however it is written."""

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import search
from core.database import migrate
from tests.api_service import serving

PEOPLE = (  # code, area, address, person, contact, telephone
    ("XF-0031", "幸福村", "幸福村 31 号", "陈秀兰", "陈丽", "138-0013-8000"),
    ("XF-0131", "幸福村", "131号", "单雄", "王强", "+86 139 0000 1234"),
    ("HP-0002", "和平村", "和平路２号３栋４０２", "吕重华", "李·小明", "010-6555 0199"),
)


@pytest.fixture
def service(database):
    with serving(database, homes=1) as running:
        for code, area, address, person, contact, phone in PEOPLE:
            running.sql(
                "INSERT INTO area (path, name) VALUES (('qu.' || %s)::ltree, %s) ON CONFLICT DO NOTHING",
                "xf" if area == "幸福村" else "hp", area,
            )  # fmt: skip
            ((home,),) = running.sql(
                "INSERT INTO home (code, area_id, address) SELECT %s, id, %s FROM area WHERE name = %s RETURNING id",
                code, address, area,
            )  # fmt: skip
            running.sql("INSERT INTO person (home_id, name) VALUES (%s, %s)", home, person)
            running.sql(
                "INSERT INTO contact (home_id, position, name, role, phone) VALUES (%s, 1, %s, '女儿', %s)",
                home, contact, phone,
            )  # fmt: skip
        running.sql(
            "INSERT INTO device (vendor_id, serial, type, home_id, room)"
            " SELECT v.id, 'K-77', 'gas_detector', h.id, '厨房' FROM vendor v, home h"
            " WHERE v.code = 'beta' AND h.code = 'XF-0031'"
        )
        yield running


def homes(client, text):
    return [item["code"] for item in client.get("/api/v1/homes", params={"q": text}).json()["items"]]


HOME_QUESTIONS = (
    ("31号", ["XF-0031"]),  # with the blank that is stored, and not the 131st
    ("幸福村 31 号", ["XF-0031"]),
    ("幸福村131号", ["XF-0131"]),  # across the area's name and the address
    ("秀兰 幸福村", ["XF-0031"]),  # two words, in any order
    ("幸福村 秀兰", ["XF-0031"]),
    ("和平村 秀兰", []),
    ("cxl", ["XF-0031"]),
    ("CXL", ["XF-0031"]),
    ("chenxiulan", ["XF-0031"]),
    ("Chen Xiulan", ["XF-0031"]),
    ("xiulan", ["XF-0031"]),
    ("sx", ["XF-0131"]),  # 单 is Shan as a surname, dan otherwise: both are found
    ("danxiong", ["XF-0131"]),
    ("lvchonghua", ["HP-0002"]),
    ("luzhonghua", ["HP-0002"]),
    ("13800138000", ["XF-0031"]),
    ("138 0013", ["XF-0031"]),
    ("0013-8000", ["XF-0031"]),
    ("139 0000 1234", ["XF-0131"]),
    ("+86 139-0000-1234", ["XF-0131"]),
    ("65550199", ["HP-0002"]),
    ("陈丽", ["XF-0031"]),  # the daughter
    ("李小明 0199", ["HP-0002"]),
    ("３栋402", ["HP-0002"]),  # full and half width
    ("xf0031", ["XF-0031"]),
    ("800", []),  # three digits are no telephone number
    ("%", []),
    ("_", []),
    ("' OR 1=1", []),
)


def test_a_home_is_found_however_one_says_it(service):
    client = service.login("op1")
    assert [(text, homes(client, text)) for text, _ in HOME_QUESTIONS] == list(HOME_QUESTIONS)
    page = client.get("/api/v1/homes", params={"q": "村", "limit": 2}).json()
    assert (len(page["items"]), page["total"]) == (2, 4)


def test_a_device_is_found_by_kind_vendor_room_and_home(service):
    client = service.login("op1")

    def found(client=client, **params):
        return [
            item["serial"] for item in client.get("/api/v1/devices", params={"limit": 200, **params}).json()["items"]
        ]

    for text in ("k-77", "燃气 厨房", "gas xf-0031", "beta", "BETA 测试厂", "秀兰", "cxl 燃气", "幸福村31号", "138001"):
        assert (text, found(q=text)) == (text, ["K-77"])
    assert found(vendor="beta") == ["K-77"]
    assert "K-77" not in found(vendor="acme")
    assert found(q="厨房 卧室") == []
    chosen = client.get("/api/v1/devices/choices").json()
    assert {"code": "beta", "name": "beta 测试厂"} in chosen["vendors"]
    assert "gas_detector" in [kind["code"] for kind in chosen["types"]]


def test_a_vendor_finds_its_devices_by_serial_and_kind_and_nothing_by_who_lives_there(service):
    service.sql("UPDATE device SET vendor_id = %s WHERE serial = 'K-77'", service.registry.vendors["acme"])
    client = service.login("vendor-acme")

    def found(text):
        return [item["serial"] for item in client.get("/api/v1/devices", params={"q": text}).json()["items"]]

    assert "K-77" in found("燃气")
    assert found("k-77") == ["K-77"]
    for text in ("秀兰", "cxl", "13800138000", "幸福村", "XF-0031", "厨房", "陈丽"):
        assert (text, found(text)) == (text, [])
    assert client.get("/api/v1/devices/choices").json()["vendors"] == [{"code": "acme", "name": "acme 测试厂"}]


def test_nobody_is_found_from_another_area(service):
    service.other_area()
    client = service.login("far")
    for text in ("秀兰", "cxl", "13800138000"):
        page = client.get("/api/v1/homes", params={"q": text}).json()
        assert (page["items"], page["total"]) == ([], 0)
        assert client.get("/api/v1/devices", params={"q": text}).json()["items"] == []


def test_whoever_is_erased_renamed_or_moved_is_no_longer_found_as_before(service):
    client = service.login("op1")
    service.sql("UPDATE person SET name = '孙甲' WHERE name = '陈秀兰'")
    assert (homes(client, "cxl"), homes(client, "秀兰"), homes(client, "sunjia")) == ([], [], ["XF-0031"])
    service.sql("DELETE FROM person WHERE name = '孙甲'")
    service.sql("DELETE FROM contact WHERE name = '陈丽'")
    assert (homes(client, "sunjia"), homes(client, "13800138000"), homes(client, "陈丽")) == ([], [], [])
    service.sql("UPDATE area SET name = '光明村' WHERE name = '幸福村'")
    assert homes(client, "光明村131号") == ["XF-0131"]
    for text in service.sql("SELECT plain || pinyin || initials || phones FROM home_search"):
        assert not any(gone in text[0] for gone in ("秀兰", "孙甲", "13800138000"))


def test_homes_of_before_the_upgrade_are_found_after_it(service):
    service.sql("DELETE FROM home_search")
    migrate(service.database.owner)
    assert homes(service.login("op1"), "cxl") == ["XF-0031"]


@pytest.mark.parametrize("program", ["ingest", "engine", "registrar", "canary"])
def test_only_the_api_may_read_what_homes_are_found_by(database, program):
    with psycopg.connect(database.url(program)) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("SELECT * FROM home_search")


def test_a_question_and_what_is_stored_are_made_alike(database):
    with psycopg.connect(database.owner) as conn:

        @settings(max_examples=300, deadline=None, database=None, derandomize=True)
        @given(
            st.text(
                st.sampled_from("陈单村号①Ａｚ０９AbZ 19-—_.,()（）·、。/％%'\"\u3000\u2011\ufe30\ufeff㈱ﬁ"),
                max_size=20,
            )
        )
        def alike(text):
            row = conn.execute("SELECT search_form(%s), search_form(search_form(%s))", (text, text)).fetchone()
            assert row == (search.form(text), search.form(search.form(text)))

        alike()
        for text in ("示 例-1号", "ＡＢ－１２", "李·小明", "a—b–c", "示例（甲）", "吕\u3000重华"):
            assert conn.execute("SELECT search_form(%s)", (text,)).fetchone() == (search.form(text),)
