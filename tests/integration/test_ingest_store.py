"""What storing makes of a draft: values of one instant, repetitions in any order, letters and notes counted."""

import itertools
import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from core.settings import Settings
from ingest.draft import Message
from ingest.letters import store as letters
from ingest.pipeline import Pipeline
from ingest.routes import Routes
from ingest.store import notes, readings
from registry import snapshot_store
from tests.registry import seed

NOW = datetime.now(UTC).replace(microsecond=0)
RECEIVED = int(NOW.timestamp()) * 1_000_000
TOPIC = "sw/v1/acme/door_contact-0/telemetry"


@pytest.fixture
def ingest(database):
    seed(database.owner, homes=1, types=("door_contact", "sos_button"))
    with psycopg.connect(database.url("ingest"), autocommit=True) as conn:
        yield Ingest(conn)


class Ingest:
    """A pipeline and its database, without a broker."""

    def __init__(self, conn, **settings):
        self.conn = conn
        self.pipeline = Pipeline(
            Routes(*snapshot_store.registered(conn)), Settings(database_url="postgresql://", **settings)
        )

    def take(self, *payloads, topic=TOPIC):
        """One transaction of these payloads."""
        messages = [Message(topic, payload, RECEIVED) for payload in payloads]
        return readings.write(self.conn, self.pipeline.draft(messages), 1, NOW)

    def stored(self):
        """(µs behind the instant, value) of each reading."""
        return self.conn.execute(
            "SELECT (extract(epoch FROM ts) * 1000000)::bigint - %s, value FROM reading ORDER BY ts", (RECEIVED,)
        ).fetchall()


def door(*values):
    return json.dumps([{"ts": RECEIVED // 1000, "values": {"door_open": value}} for value in values]).encode()


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("redelivered", list(itertools.permutations([1, 0, 1, 0], 3)))
def test_either_message_of_one_second_redelivered_in_any_order_is_stored_once(ingest, redelivered, together):
    ingest.take(door(1))
    ingest.take(door(0))
    first = [(0, 1.0), (1, 0.0)]
    assert ingest.stored() == first
    payloads = [door(value) for value in redelivered]
    stored = [ingest.take(*payloads)] if together else [ingest.take(payload) for payload in payloads]
    assert ingest.stored() == first
    assert sum(one.rows for one in stored) == 0
    assert sum(one.duplicates for one in stored) == 3


def test_the_second_value_alone_then_both_are_stored_once_each(ingest):
    ingest.take(door(0))
    ingest.take(door(1, 0))
    assert ingest.stored() == [(0, 0.0), (1, 1.0)]
    ingest.take(door(1, 0), door(0, 1))
    assert ingest.stored() == [(0, 0.0), (1, 1.0)]


def test_a_redelivered_batch_of_many_is_stored_once(ingest):
    moments = range(RECEIVED // 1000 - 400, RECEIVED // 1000)
    payload = json.dumps([{"ts": ts, "values": {"battery": ts % 100, "signal": -50}} for ts in moments]).encode()
    assert ingest.take(payload).rows == 800
    again = ingest.take(payload, door(1))
    assert (again.rows, again.duplicates) == (1, 800)


def test_a_reading_of_days_ago_is_found_again(ingest):
    for days in (0, 1, 5):
        payload = json.dumps({"ts": (RECEIVED - days * 86_400_000_000) // 1000, "values": {"battery": 5}}).encode()
        ingest.take(payload)
        assert ingest.take(payload).rows == 0
    assert len(ingest.stored()) == 3


def test_a_flood_of_garbage_is_bounded_on_disk(ingest):
    small = Ingest(ingest.conn, vendor_letters=100)
    for chunk in range(20):
        small.take(*(b"garbage %d-%d" % (chunk, number) * 20 for number in range(500)))
    [(rows, times, size)] = ingest.conn.execute(
        "SELECT count(*), sum(count), sum(octet_length(payload)) FROM dead_letter"
    ).fetchall()
    assert (rows, times) == (101, 10_000), "a hundred whole, and one that counts the rest"
    assert size < 100 * 400


def test_an_answered_urgent_letter_must_be_answered_again_when_it_comes_again(ingest):
    cry = Message("sw/v1/acme/nobody/event", b'{"values": {"sos": 1}}', RECEIVED)
    for expected in (1, 2):
        readings.write(ingest.conn, ingest.pipeline.draft([cry]), 1, NOW)
        found = ingest.conn.execute("SELECT count, urgent, answered_at FROM dead_letter").fetchall()
        assert found == [(expected, True, None)]
        # as the API's login does
        ingest.conn.execute("UPDATE dead_letter SET answered_at = now()")


def test_a_retained_emergency_of_long_ago_is_known_by_the_time_it_says(ingest):
    long_ago = RECEIVED // 1000 - 9 * 86_400_000
    cry = json.dumps({"ts": long_ago, "values": {"sos": 1}}).encode()
    ingest.conn.execute("SET timezone = 'UTC'")
    topic = "sw/v1/acme/sos_button-0/event"
    then = ingest.pipeline.draft([Message(topic, cry, long_ago * 1000)])
    assert readings.write(ingest.conn, then, 1, NOW).rows == 1
    for _ in range(2):  # the broker's copy, long after
        again = ingest.pipeline.draft([Message(topic, cry, RECEIVED, retained=True)])
        assert readings.write(ingest.conn, again, 1, NOW).rows == 0
    never = json.dumps({"ts": long_ago + 5000, "values": {"sos": 1}}).encode()
    draft = ingest.pipeline.draft([Message(topic, never, RECEIVED, retained=True)])
    assert readings.write(ingest.conn, draft, 1, NOW).rows == 1, "one that never arrived is raised"


def test_letters_of_today_are_counted_after_a_restart(ingest):
    ingest.take(b"one", b"two", b"two")
    [(vendor, counted)] = letters.kept_today(ingest.conn, NOW + timedelta(seconds=1)).items()
    assert counted == (2, 6)
    assert letters.kept_today(ingest.conn, NOW + timedelta(days=1)) == {}
    assert vendor


def test_notes_about_a_device_add_up(ingest):
    [(device,)] = ingest.conn.execute("SELECT min(id) FROM device").fetchall()
    for moment in (NOW, NOW + timedelta(hours=1)):
        notes.write_notes(ingest.conn, {(device, "qos_0"): 3, (device, "retained"): 1}, moment)
    found = ingest.conn.execute("SELECT code, count, last_at - first_at FROM device_note ORDER BY code").fetchall()
    assert found == [("qos_0", 6, timedelta(hours=1)), ("retained", 2, timedelta(hours=1))]
