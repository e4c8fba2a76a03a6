"""How much of a flood is stored, and what of its refused messages is kept. An emergency is never held back."""

from datetime import timedelta

from ingest.draft import Draft, Message
from ingest.pipeline import UNREADABLE
from tests.pipeline_rig import NOW, cried, flood, pipeline, taken


def test_beyond_its_quota_a_vendor_is_thinned_by_device_and_metric_and_told():
    line = pipeline(vendor_burst=timedelta(seconds=2))  # 500 messages a second at least: 1,000 at once
    draft = flood(line, "room/telemetry", {"humidity": 40}, 5000)
    assert 1000 <= len(draft) < 1010
    assert draft.notes[14, "thinned"] == 5000 - len(draft)
    later = flood(line, "room/telemetry", {"humidity": 40}, 100, received=NOW + 60_000_000)
    assert len(later) == 100, "a minute later it is within its quota again"


def test_an_emergencys_metric_is_never_thinned_on_any_topic_and_what_is_none_on_every_topic():
    line = pipeline(vendor_burst=timedelta(seconds=1))
    flood(line, "room/telemetry", {"humidity": 40}, 3000)
    assert len(flood(line, "gas/telemetry", {"gas": 0}, 300)) == 300
    assert len(flood(line, "gas/event", {"gas": 0}, 300)) == 300
    assert len(flood(line, "gas/telemetry", {"gas": 50}, 300)) == 300
    assert len(flood(line, "room/event", {"humidity": 40}, 300)) < 10


def test_another_vendor_has_a_quota_of_its_own():
    line = pipeline(vendor_burst=timedelta(seconds=1))
    flood(line, "room/telemetry", {"humidity": 40}, 3000)
    draft = Draft(measured=True)
    for number in range(400):
        line.take(draft, Message("sw/v1/beta/btn/telemetry", b'[{"n": "battery", "v": 50}]', NOW + number))
    assert len(draft) == 400


def test_beyond_the_days_letters_the_rest_is_counted_by_device_and_code():
    line = pipeline(vendor_letters=10)
    draft = Draft(measured=True)
    for number in range(1000):
        line.take(draft, Message("sw/v1/acme/room/telemetry", b"garbage %d" % number, NOW))
        line.take(draft, Message(f"sw/v1/acme/nobody-{number}/telemetry", b"{}", NOW))
    whole = [letter for letter in draft.refused if letter.folded is None]
    rest = {letter.digest: letter for letter in draft.refused if letter.folded is not None}
    assert len(whole) == 10
    assert len(draft.refused) == 2000
    assert {(one.message.topic, one.code) for one in rest.values()} == {
        ("sw/v1/acme/room", "not_json"), ("sw/v1/acme", "unknown_device"),
    }  # fmt: skip
    assert all(not letter.message.payload for letter in rest.values())


def test_beyond_the_days_letters_a_cry_still_raises():
    line = pipeline(vendor_letters=1)
    flood(line, "room/telemetry", {"wind": 1}, 3)
    assert cried(taken("sw/v1/acme/btn/event", "???", line=line))
    [letter] = taken("sw/v1/acme/nobody/event", "???", line=line).refused
    assert letter.urgent
    for number in range(3):
        [letter] = taken(f"sw/v1/acme/nobody/event-{number}", "???", line=line).refused
    assert letter.urgent
    assert letter.folded


def test_letters_begin_anew_each_day_and_are_counted_on_after_a_restart():
    line = pipeline(vendor_letters=10)
    line.letters.resume({1: (10, 1000)}, NOW)
    assert taken("sw/v1/acme/room/telemetry", "garbage", line=line).refused[0].folded
    tomorrow = NOW + 86_400_000_000
    assert taken("sw/v1/acme/room/telemetry", "garbage", tomorrow, line=line).refused[0].folded is None


def test_a_flood_of_unreadable_emergencies_raises_each_second_anew_and_no_more():
    line, draft = pipeline(), Draft(measured=True)
    for number in range(3000):
        line.take(draft, Message("sw/v1/acme/btn/event", b"garbage %d" % number, NOW + number * 1000))
    assert draft.metric.count(UNREADABLE) == 3
    again = line.draft([Message("sw/v1/acme/btn/event", b"garbage", NOW + 3_000_000)])
    assert cried(again), "what is drafted a second time, after the database refused a row, is not taken for a flood"


def test_an_urgent_letter_is_kept_whole_so_that_it_can_be_replayed_once_its_device_is_registered():
    payload = '{"values": {"sos": 1, "pad": "%s"}}' % ("x" * 5000)
    [letter] = taken("sw/v1/acme/granny/event", payload).refused
    assert letter.urgent
    assert letter.whole
    assert len(letter.message.payload) == len(payload)


def test_the_same_urgent_letter_again_and_again_uses_up_nothing():
    line = pipeline(vendor_letters=2)
    flood(line, "nobody/telemetry", {"wind": 1}, 10)
    for _ in range(10):
        [letter] = taken("sw/v1/acme/granny/event", '{"values": {"sos": 1}}', line=line).refused
        assert letter.folded is None
    [letter] = taken("sw/v1/acme/grandpa/event", '{"values": {"sos": 1}}', line=line).refused
    assert letter.folded is None


def test_an_urgent_letter_says_who_though_junk_has_used_up_the_days_letters():
    line = pipeline(vendor_letters=10)
    flood(line, "nobody/telemetry", {"wind": 1}, 50)
    [letter] = taken("sw/v1/acme/granny/event", '{"values": {"sos": 1}}', line=line).refused
    assert letter.urgent
    assert letter.folded is None
    assert "granny" in letter.message.topic
