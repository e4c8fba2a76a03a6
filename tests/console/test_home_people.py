"""The people of a home, in a real browser: what one must know at a glance, and the form in which registrars keep it."""

import io

import psycopg
import pytest
from PIL import Image
from playwright.sync_api import expect

from registry import people_store as people
from tests.console.conftest import open_console
from tests.console.house import fresh, furnish, seated
from tests.console.test_reading_aloud import look

KNOWN = {
    "phones": ["138 0013 8000"], "illnesses": "高血压、冠心病", "medication": "阿司匹林", "language": "吴语",
    "ability": 2,
    "categories": ["dispersed_support"], "self_care": [True, True, True, True, False, False], "carer": "测试·女儿",
}  # fmt: skip
CONTACT = {
    "role": "家属", "name": "测试·女儿", "phone": "000-1234-0001", "other_phones": ["000-5678"], "relation": "女儿",
    "holds_key": True, "hours": "08:00-20:00",
}  # fmt: skip


@pytest.fixture(scope="module")
def two(browser, desk):
    """Where an operator and a registrar, who has no board, have logged in."""
    seat = seated(browser, desk, "op1")
    with browser.new_context(locale="zh-CN") as context:
        page = open_console(context, desk, "registrar")
        page.wait_for_url("**/homes")
        page.close()
        yield {"op1": next(seat), "registrar": context}
    next(seat, None)


@pytest.fixture(scope="module")
def home(desk):
    """A home of which much is known."""
    number = furnish(desk.site.owner_url, 8).home
    with psycopg.connect(desk.site.owner_url) as conn:
        people.write_person(conn, number, "测试·赵奶奶", KNOWN)
        people.write_contacts(conn, number, [CONTACT])
        conn.execute("UPDATE home SET key_place = '花盆下', dog = '有，拴着' WHERE id = %s", (number,))
    return number


@pytest.fixture
def page_of(desk, two, home):
    """The home's page as an account has it."""
    opened = []

    def page(username):
        visit = fresh(two[username])
        opened.append(visit)
        found = next(visit)
        found.goto(f"{desk.site.address}/homes/{home}")
        expect(found.locator("[data-people]")).to_be_visible()
        return found

    yield page
    for visit in opened:
        next(visit, None)


def test_what_one_must_know_before_calling_or_going_stands_on_the_page(page_of):
    page = page_of("op1")
    card = page.locator("[data-people] li", has_text="赵奶奶")
    for text in (
        "高血压、冠心病",
        "阿司匹林",
        "吴语",
        "中度失能",
        "半自理",
        "室内行走、洗澡",
        "分散供养特困",
        "测试·女儿",
    ):
        expect(card).to_contain_text(text)
    expect(card.locator("a[href='tel:138 0013 8000']")).to_be_visible()
    expect(page.locator("[data-key]")).to_have_text("有钥匙")
    expect(page.get_by_text("08:00-20:00")).to_be_visible()
    expect(page.locator("[data-door]")).to_contain_text("花盆下")
    expect(page.locator("[data-do=edit]")).to_have_count(0)


def test_what_a_role_may_not_see_is_not_on_the_page(page_of):
    page = page_of("op1")

    def narrowed(route):
        body = route.fetch().json()
        hidden = ["phones", "illnesses", "medication", "ability", "self_care", "note", "carer", "categories"]
        for person in body["residents"]:
            person.update(dict.fromkeys(hidden))
        route.fulfill(json=body | {"contacts": [], "hidden": [*hidden, "contacts"]})

    page.route("**/api/v1/homes/*", narrowed)
    page.reload()
    expect(page.get_by_text("此账号无权查看电话")).to_be_visible()
    expect(page.locator("[data-people]")).to_contain_text("赵奶奶")
    expect(page.locator("[data-illnesses], [data-ability], [data-note]")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_registrar_writes_a_home_and_sees_it_at_once(page_of, home, desk, language):
    page = page_of("registrar")
    page.evaluate("language => localStorage.setItem('language', language)", language)
    page.reload()
    page.click("[data-do=edit]")
    form = page.locator("[data-home-form]")
    expect(form.locator("[name=categories]").first).to_be_visible()
    assert look(page, "dark", language) == []
    form.locator("[name=dog]").fill(f"两条 {language}")
    form.locator("[name=latitude]").fill("31.2304")
    form.locator("[name=longitude]").fill("121.4737")
    first = form.locator("[data-resident]").first
    first.locator("[name=illnesses]").fill("糖尿病")
    first.locator("[name=phones]").fill("138 0013 8000\n010-6555 0199")
    first.locator("[name=ability]").select_option("3")
    page.wait_for_selector("html:not([data-settling])")
    page.click("[data-do=save]")
    expect(form).to_be_hidden()
    expect(page.locator("[data-door]")).to_contain_text(f"两条 {language}")
    expect(page.locator("[data-illnesses]")).to_contain_text("糖尿病")
    with psycopg.connect(desk.site.owner_url) as conn:
        one, *_ = people.people_of(conn, home)
    assert (one["phones"], one["ability"], one["self_care"]) == (
        ["138 0013 8000", "010-6555 0199"], 3, KNOWN["self_care"],
    )  # fmt: skip


def test_what_is_refused_is_said_in_the_form_and_nothing_typed_is_lost(page_of):
    page = page_of("registrar")
    page.click("[data-do=edit]")
    form = page.locator("[data-home-form]")
    form.locator("[data-contact] [name=phone]").first.fill("没有")
    page.wait_for_selector("html:not([data-settling])")
    page.click("[data-do=save]")
    expect(page.locator("[role=alertdialog] [role=alert]")).to_contain_text("“没有”不是电话号码")
    expect(form.locator("[data-contact] [name=phone]").first).to_have_value("没有")
    leave(page, "confirm")
    expect(page.locator("a[href='tel:000-1234-0001']")).to_be_visible()


def leave(page, answer):
    """Press Escape where something was typed, and answer whether to leave."""
    page.keyboard.press("Escape")
    question = page.get_by_role("alertdialog", name="还没有保存")
    expect(question).to_be_visible()
    page.wait_for_selector("html:not([data-settling])")
    question.locator(f"[data-do={answer}]").click()
    expect(question).to_have_count(0)


def test_one_key_does_not_lose_what_was_typed_and_nothing_typed_asks_nothing(page_of):
    page = page_of("registrar")
    page.click("[data-do=edit]")
    form = page.locator("[data-home-form]")
    page.keyboard.press("Escape")
    expect(form).to_have_count(0)
    page.wait_for_selector("html:not([data-settling])")
    page.click("[data-do=edit]")
    form.locator("[name=dog]").fill("三条")
    leave(page, "cancel")
    expect(form.locator("[name=dog]")).to_have_value("三条")
    assert look(page, "light", "zh") == []
    page.wait_for_selector("html:not([data-settling])")
    leave(page, "confirm")
    expect(form).to_have_count(0)


def test_who_is_deleted_stays_in_sight_and_can_be_kept_until_it_is_saved(page_of, home, desk):
    page = page_of("registrar")
    page.click("[data-do=edit]")
    second = page.locator("[data-resident]").nth(1)
    page.wait_for_selector("html:not([data-settling])")
    second.locator("[data-do=drop]").click()
    expect(second).to_contain_text("保存后将删除 测试·钱爷爷")
    assert look(page, "dark", "zh") == []
    second.locator("[data-do=restore]").click()
    expect(second.locator("[name=name]")).to_have_value("测试·钱爷爷")
    page.click("[data-do=add-person]")
    third = page.locator("[data-resident]").nth(2)
    expect(third.locator("[name=name]")).to_be_focused()
    third.locator("[data-do=drop]").click()
    expect(page.locator("[data-resident]")).to_have_count(2)
    second.locator("[data-do=drop]").click()
    page.wait_for_selector("html:not([data-settling])")
    page.click("[data-do=save]")
    expect(page.locator("[data-home-form]")).to_have_count(0)
    with psycopg.connect(desk.site.owner_url) as conn:
        assert [one["name"] for one in people.people_of(conn, home)] == ["测试·赵奶奶"]


def test_a_field_that_is_wrong_is_named_as_the_form_names_it(page_of):
    page = page_of("registrar")
    page.click("[data-do=edit]")
    form = page.locator("[data-home-form]")
    form.locator("[data-resident] [name=phones]").first.fill("\n".join(f"138 0000 000{n}" for n in range(6)))
    page.wait_for_selector("html:not([data-settling])")
    page.click("[data-do=save]")
    expect(page.locator("[role=alertdialog] [role=alert]")).to_contain_text("请求参数有误：本人电话（每行一个）")
    leave(page, "confirm")


def test_a_photo_of_the_door_is_taken_and_shown(page_of):
    out = io.BytesIO()
    Image.new("RGB", (900, 600), "green").save(out, "PNG")
    page = page_of("registrar")
    page.click("[data-do=edit]")
    page.locator("[name=photo]").set_input_files(
        {"name": "door.png", "mimeType": "image/png", "buffer": out.getvalue()}
    )
    expect(page.locator("[data-photo] img")).to_have_js_property("naturalWidth", 900)
    page.wait_for_selector("html:not([data-settling])")
    page.click("[data-do=cancel]")
    page.click("[data-photo]")
    expect(page.get_by_role("dialog").get_by_role("img")).to_be_visible()
