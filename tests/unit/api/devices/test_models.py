"""A device as it is shown: where it hangs only to whom it may be told, and whatever its type is."""

from datetime import UTC, datetime

import pytest

from api.devices.models import Latest, TypeChoice, device_parts
from core.catalogue import metrics

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ROW = {
    "id": 2, "serial": "s2", "type": "gas_detector", "vendor_id": 1, "vendor_code": "acme", "vendor_name": "示例厂",
    "home_id": 101, "home_code": "H1", "home_address": "一号", "room": "她的厨房", "room_kind": "kitchen",
}  # fmt: skip


def test_where_it_hangs_is_told_to_whom_it_may_be():
    parts = device_parts(ROW, placed=True)
    assert (parts["home"]["code"], parts["room"], parts["room_en"]) == ("H1", "她的厨房", "Kitchen")


def test_a_vendor_sees_neither_home_nor_room_of_its_own_device():
    parts = device_parts(ROW, placed=False)
    assert (parts["home"], parts["room"], parts["room_kind"]) == (None, "", "unknown")


def test_a_device_in_stock_hangs_nowhere_and_one_of_a_type_that_is_gone_is_shown():
    assert device_parts(ROW | {"home_id": None}, placed=True)["home"] is None
    assert device_parts(ROW | {"type": "of_old"}, placed=True)["type_zh"] == "of_old"
    assert TypeChoice.of("of_old").en == "of_old"
    assert TypeChoice.of("gas_detector").en == "Combustible gas detector"


@pytest.mark.parametrize("name", ["gas", "battery", "online"])
def test_a_value_is_shown_with_its_metrics_names_and_unit(name):
    metric = metrics()[name]
    latest = Latest.of({"metric": metric.id, "value": 1.0, "ts": NOW, "since": NOW})
    assert (latest.metric, latest.zh, latest.unit, latest.kind) == (name, metric.zh, metric.unit, metric.kind)
