"""What a device in stock says: nothing is stored of it, and a cry for help is put before people."""

from core.settings import Settings
from core.snapshot import DeviceRow
from ingest.pipeline import Pipeline
from ingest.routes import Routes
from tests.pipeline_rig import DEVICES, NOW, VENDORS, taken

DAY = 86_400_000_000


def line():
    stocked = DeviceRow("acme", "boxed", 31, None, "sos_button", False)
    return Pipeline(Routes(VENDORS, [*DEVICES, stocked]), Settings(database_url="postgresql://"))


def test_readings_in_stock_are_counted_by_device_and_day_and_not_kept():
    mine = line()
    drafts = [
        taken("sw/v1/acme/boxed/telemetry", f'{{"values": {{"battery": {90 + n}}}}}', NOW + n, line=mine)
        for n in range(3)
    ]
    drafts.append(taken("sw/v1/acme/boxed/status", "online", NOW, line=mine))
    letters = [letter for draft in drafts for letter in draft.refused]
    assert all(len(draft) == 0 for draft in drafts)
    assert {letter.code for letter in letters} == {"device_in_stock"}
    assert {(letter.message.topic, letter.message.payload) for letter in letters} == {("sw/v1/acme/boxed", b"")}
    assert len({letter.digest for letter in letters}) == 1
    [next_day] = taken("sw/v1/acme/boxed/telemetry", '{"values": {"battery": 90}}', NOW + DAY, line=mine).refused
    assert next_day.digest != letters[0].digest


def test_a_cry_for_help_in_stock_raises_nothing_and_is_put_before_people_whole():
    for payload in ('{"values": {"sos": 1}}', '{"values": {"sos": "pressed"}}', "garbage"):
        draft = taken("sw/v1/acme/boxed/event", payload, line=line())
        assert len(draft) == 0
        [letter] = draft.refused
        assert (letter.code, letter.urgent, letter.whole) == ("device_in_stock", True, True)
        assert letter.message.payload == payload.encode()
        assert "hangs in no home" in letter.reason


def test_a_wrong_topic_of_a_device_in_stock_raises_nothing_either():
    draft = taken("sw/v1/acme/boxed/Event", '{"values": {"sos": 1}}', line=line())
    assert len(draft) == 0
    assert [(letter.code, letter.urgent) for letter in draft.refused] == [("bad_topic", True)]
