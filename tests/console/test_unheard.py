"""An emergency of a device nobody registered: on the desk at once, aloud, until somebody has answered for it."""

from playwright.sync_api import expect

from tests.console.conftest import open_console


def test_an_unregistered_devices_sos_is_on_the_desk_until_it_is_answered(desk, first, second):
    desk.vendor.publish("sw/v1/acme/nobody-7/event", '{"values": {"sos": 1}}', qos=1).wait_for_publish(10)
    for page in (first, second):
        expect(page.locator(".banner.bad")).to_contain_text("acme", timeout=5000)
    expect(first.locator("[data-said=assertive]")).to_contain_text("acme", timeout=8000)
    first.locator("[data-unheard]").click()
    letter = first.locator("tbody [data-row]", has_text="nobody-7")
    expect(letter.locator("[data-urgent]")).to_be_visible()
    letter.get_by_role("textbox").fill("厂商确认是出厂测试")
    letter.get_by_role("button", name="答复").click()
    expect(letter).to_contain_text("测试·op1 已答复：厂商确认是出厂测试")
    expect(letter.get_by_role("textbox")).to_have_count(0)
    for page in (first, second):
        expect(page.locator(".banner.bad")).to_have_count(0, timeout=5000)


def test_a_vendor_sees_what_to_mend_at_its_devices(desk, browser):
    _, serial = desk.registry.device(23, "climate_sensor")
    for _ in range(3):
        desk.vendor.publish(f"sw/v1/acme/{serial}/telemetry", '{"values": {"temperature": 20}}', qos=0)
    with browser.new_context(locale="zh-CN") as context:
        page = open_console(context, desk, "vendor-acme")
        page.get_by_label("只看待改进").check()
        expect(page.locator("tbody tr", has_text=serial).locator("[data-notes]")).to_contain_text(
            "QoS 0", timeout=10000
        )
