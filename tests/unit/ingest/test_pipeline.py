"""What becomes of a message: rows, letters, and cries for help that nobody could read. Pure, so every case is cheap."""

import json

import pytest

from core.catalogue import metrics
from core.packed import Flag
from core.settings import Settings
from ingest.draft import Draft, Message
from ingest.pipeline import UNREADABLE, Pipeline
from ingest.registry import DeviceRow, Registry
from ingest.topics import looks_urgent, the_rest
from tests.pipeline_rig import NOW, VENDORS, cried, pipeline, taken


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("acme/btn/event", '{"values": {"sos": "pressed"}}'),
        ("acme/btn/event", '{"values": {"button": 1}}'),
        ("acme/btn/event", '{"alarm": 1}'),
        ("acme/btn/event", '{"values": {"sos": 1'),
        ("acme/btn/event", b"\xff\xfe"),
        ("acme/btn/event", ""),
        ("acme/btn/event", '{"values": {"sos": 1, "pad": "' + "x" * 70_000 + '"}}'),
        ("acme/btn/telemetry", '{"values": {"sos": 1'),
        ("acme/btn/telemetry", '{"values": {"sos": "yes", "battery": 80}}'),
        ("acme/gas/telemetry", '{"values": {"gas": 400}}'),
        ("acme/room/telemetry", '{"values": {"smoke": 1, "temperature": 20}}'),
        ("acme/btn/Event", '{"values": {"sos": 1}}'),
        ("acme/btn/event/1", '{"values": {"sos": 1}}'),
        ("acme/btn/alarm", '{"values": {"sos": true}}'),
        ("beta/btn/event", '[{"n": "sos", "vs": "on"}]'),
        ("beta/btn/telemetry", '[{"n": "urn:dev:1:sos", "v": 1'),
    ],
)
def test_what_may_be_an_emergency_and_cannot_be_read_raises_at_its_home(topic, payload):
    draft = taken(f"sw/v1/{topic}", payload)
    assert cried(draft)
    assert draft.urgent
    [letter] = draft.refused
    assert not letter.urgent, "its home has an alert; the letter is for the vendor"


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("gas/telemetry", '{"values": {"gas": null, "mains": 1}}'),
        ("gas/telemetry", '{"values": {"gas": 0, "firmware": "1.2.0"}}'),
        ("gas/event", '{"values": {"gas": 0, "firmware": "1.2.0"}}'),
        ("gas/telemetry", '{"values": {"gas": -1}}'),
        ("gas/telemetry", '{"values": {"battery": "low"}}'),
        ("btn/telemetry", '{"values": {"sos": 0'),
        ("btn/telemetry", "garbage"),
        ("btn/status", "gone"),
        ("btn/Telemetry", '{"values": {"battery": 5}}'),
    ],
)
def test_what_is_no_emergency_raises_nothing_when_it_cannot_be_read(topic, payload):
    draft = taken(f"sw/v1/acme/{topic}", payload)
    assert not cried(draft)
    assert len(draft.refused) == 1


@pytest.mark.parametrize(
    ("topic", "payload", "urgent"),
    [
        ("new-1/event", '{"values": {"sos": 1}}', True),
        ("new-1/event", "{", True),
        ("new-1/telemetry", '{"values": {"smoke": 1}}', True),
        ("new-1/telemetry", '{"values": {"temperature": 20}}', False),
        ("new-1/event", '{"values": {"battery": 20}}', False),
        ("new-1/event", '{"values": {"gas": 0}}', False),
        ("Küche/event", '{"values": {"sos": 1}}', True),
        ("old/event", '{"values": {"sos": 1}}', True),
        ("event", '{"values": {"sos": 1}}', True),
    ],
)
def test_an_emergency_without_a_home_is_an_urgent_letter(topic, payload, urgent):
    draft = taken(f"sw/v1/acme/{topic}", payload)
    [letter] = draft.refused
    assert letter.urgent is urgent
    assert letter.vendor_id == 1
    assert not draft.ts


@pytest.mark.parametrize(
    ("topic", "hint"),
    [
        ("sw/v1/acme/btn/Telemetry", "small letters"),
        ("sw/v1/acme/btn/telemetry/x", "6 levels instead of 5"),
        ("sw/v1/acme/telemetry", "4 levels instead of 5"),
        ("sw/v1/acme", "3 levels instead of 5"),
        ("sw/v1/acme//telemetry", "empty"),
        ("sw/v1/acme/btn/data", "none of telemetry, event, status"),
    ],
)
def test_a_wrong_topic_is_refused_with_what_to_change(topic, hint):
    [letter] = taken(topic, '{"values": {"battery": 50}}').refused
    assert (letter.code, letter.vendor_id) == ("bad_topic", 1)
    assert hint in letter.reason


@pytest.mark.parametrize("serial", ["with blank", "x" * 65, "编号", "a*b"])
def test_a_serial_that_can_never_be_registered_is_not_promised_anything(serial):
    [letter] = taken(f"sw/v1/acme/{serial}/telemetry", '{"values": {"battery": 50}}').refused
    assert letter.code == "bad_serial"
    assert "letters, digits" in letter.reason
    assert "taken once" not in letter.reason


def test_an_emergency_with_an_unreadable_time_is_taken_at_the_time_of_receipt_and_its_vendor_told():
    draft = taken("sw/v1/acme/gas/event", '{"ts": "soon", "values": {"gas": 40, "mains": 1}}')
    assert (draft.ts, draft.value, draft.flags) == ([NOW], [40.0], [Flag.CLOCK | Flag.URGENT])
    assert [letter.code for letter in draft.refused] == ["bad_time"]


def test_the_reading_of_a_retained_message_says_so_and_one_without_a_time_is_left_out():
    dated = taken(
        "sw/v1/acme/room/telemetry", json.dumps({"ts": NOW // 1000, "values": {"humidity": 5}}), retained=True
    )
    assert dated.flags == [Flag.RETAINED]
    undated = taken("sw/v1/acme/room/telemetry", '{"values": {"humidity": 5}}', retained=True)
    assert not undated.ts
    assert undated.notes == {(14, "retained"): 1}


@pytest.mark.parametrize(
    ("ts", "note"),
    [(NOW // 1_000_000, "clock_seconds"), (NOW // 1000 + 600_000, "clock_ahead"), (1_000_000_000_000, "clock_behind")],
)
def test_a_time_that_is_not_believed_is_noted(ts, note):
    draft = taken("sw/v1/acme/room/telemetry", json.dumps({"ts": ts, "values": {"humidity": 5}}))
    assert draft.notes == {(14, note): 1}
    assert draft.ts == [NOW]


def test_a_message_beyond_64_kb_is_refused_and_a_kilobyte_of_it_kept():
    draft = taken("sw/v1/acme/room/telemetry", b"x" * 65_537)
    [letter] = draft.refused
    assert (letter.code, len(letter.message.payload)) == ("too_large", 1024)


def test_every_metric_that_can_be_an_emergency_is_one_that_cries():
    urgent = {metric.name for metric in metrics().values() if metric.urgent_from}
    assert urgent - {"canary", "unreadable"} == {
        "sos", "fall", "fall_suspected", "smoke", "gas", "gas_alarm", "co", "co_alarm",
    }  # fmt: skip


DEEP = b"[" * 1000 + b"]" * 1000


@pytest.mark.parametrize(
    "payload", [b'{"values": {"x": %s}}', b'{"ts": %s, "values": {"sos": 1}}', b'[{"n": %s, "v": 1}]']
)
@pytest.mark.parametrize(
    "topic",
    ["acme/btn/event", "acme/btn/telemetry", "acme/btn/Event", "acme/nobody/event", "beta/btn/event", "beta/no/x"],
)
def test_no_depth_of_nesting_stops_the_worker_or_hides_a_cry(topic, payload):
    draft = taken(f"sw/v1/{topic}", payload % DEEP)
    assert draft.refused
    assert all(len(letter.reason) <= 1000 for letter in draft.refused)
    if "event" in topic.lower():
        assert draft.urgent or draft.refused[0].urgent


def test_a_bug_anywhere_in_taking_costs_its_own_message_only(monkeypatch):
    line = pipeline()
    monkeypatch.setattr(line, "_take", lambda *_: 1 / 0)
    draft = taken("sw/v1/acme/btn/event", '{"values": {"sos": 1}}', line=line)
    assert [letter.code for letter in draft.refused] == ["internal_error"]
    assert cried(draft)
    [letter] = taken("sw/v1/acme/nobody/event", '{"values": {"sos": 1}}', line=line).refused
    assert letter.urgent
    assert letter.vendor_id == 1


@pytest.mark.parametrize(
    ("value", "loud"),
    [
        ('"0.0"', False), ('"3.5"', False), ('"0 ppm"', False), ('"nan"', False), ("null", False), ('"300 ppm"', True),
        ('"high"', True), ("[300]", True),
    ],
)  # fmt: skip
def test_a_number_in_a_text_is_judged_as_a_number(value, loud):
    registry = Registry(VENDORS, [DeviceRow("acme", "co", 15, 101, "co_detector", False)])
    line = Pipeline(registry, Settings(database_url="postgresql://"))
    assert cried(taken("sw/v1/acme/co/telemetry", f'{{"values": {{"co": {value}}}}}', line=line)) is loud


def test_a_retained_cry_that_was_heard_does_not_silence_a_live_one_of_the_same_second():
    line, draft = pipeline(), Draft(measured=True)
    line.take(draft, Message("sw/v1/acme/btn/event", b"old", NOW, retained=True))
    line.take(draft, Message("sw/v1/acme/btn/event", b"new", NOW + 1))
    assert list(draft.repeats) == [0]
    assert list(draft.rows(without={0}).packed["metric"]) == [UNREADABLE]


def test_a_command_is_nobodys_to_take_and_a_devices_name_makes_no_event():
    assert the_rest("acme").leaves("sw/v1/acme/btn/command")
    assert not looks_urgent("sw/v1/acme/seventh-3/Telemetry")
    assert looks_urgent("sw/v1/acme/event")


def test_a_test_flag_goes_with_the_emergency_of_its_message_and_takes_no_lane_alone():
    lanes = {
        metric: flags
        for values in ('{"test": 1, "gas_alarm": 1, "mains": 1}', '{"gas_alarm": 1, "test": 1}')
        for draft in [taken("sw/v1/acme/gas/event", f'{{"values": {values}}}')]
        for metric, flags in zip(draft.metric, draft.flags, strict=True)
    }
    by_name = {name: lanes.get(metrics()[name].id) for name in ("test", "gas_alarm", "mains")}
    assert by_name == {"test": Flag.URGENT, "gas_alarm": Flag.URGENT, "mains": 0}
    alone = taken("sw/v1/acme/gas/telemetry", '{"values": {"test": 1}}')
    assert (alone.flags, alone.urgent) == ([0], False)


def test_glucose_by_weight_is_stored_by_amount():
    line = Pipeline(
        Registry(VENDORS, [DeviceRow("beta", "sugar", 41, 102, "glucose_meter", False)]),
        Settings(database_url="postgresql://"),
    )
    draft = taken("sw/v1/beta/sugar/telemetry", '[{"n": "blood_glucose", "u": "mg/dL", "v": 100}]', line=line)
    assert draft.value == [pytest.approx(5.55)]
