"""A real worker and a real database behind a hostile broker: stored once, acknowledged when it is, nothing half."""

import random
import time
from contextlib import contextmanager

import psycopg
import pytest

from core.settings import Settings
from ingest.worker import run
from tests.hostile_broker import PUBACK, PUBCOMP, PUBREC, hostile, publish
from tests.programs import working
from tests.registry import seed
from tests.waiting import eventually

TOPIC = b"sw/v1/acme/climate_sensor-0/telemetry"
BASE = int(time.time() * 1000) - 60_000


def reading(packet_id, qos=1, number=None, **more):
    """A PUBLISH of the reading of that number; by default its packet id is its number."""
    ts = BASE + (packet_id if number is None else number)
    return publish(TOPIC, b'{"ts": %d, "values": {"temperature": 20}}' % ts, qos, packet_id, **more)


@pytest.fixture
def query(database):
    seed(database.owner, homes=1, types=("climate_sensor",))
    with psycopg.connect(database.owner, autocommit=True) as conn:
        yield lambda statement: conn.execute(statement).fetchall()


@pytest.fixture
def broker(database, query, impatient):
    """Of a worker that is connected."""
    with hostile() as served, working(run, Settings(database_url=database.url("ingest"), mqtt_port=served.port)):
        yield served


@pytest.fixture
def held(database):
    """No reading can be stored during the block."""

    @contextmanager
    def lock():
        with psycopg.connect(database.owner) as conn:
            conn.execute("LOCK TABLE reading IN ACCESS EXCLUSIVE MODE")
            yield
            conn.rollback()

    return lock


def stored(query):
    """Numbers of the readings that are stored, as often as they are."""
    found = query("SELECT (extract(epoch FROM ts) * 1000)::bigint FROM reading ORDER BY ts")
    return [ts - BASE for (ts,) in found]


def test_connections_cut_in_mid_packet_store_nothing_half_and_nothing_twice(broker, query):
    """The broker delivers again what was not acknowledged, as a session does; what was, it forgets."""
    chance = random.Random(20_260_726)
    waiting = dict.fromkeys(range(1, 801), 0)  # number → times it was delivered
    while waiting:
        guest = broker.subscriber("sw/v1/acme/#")
        numbers = list(waiting)[: chance.randrange(50, 120)]
        stream = b"".join(reading(number, duplicate=waiting[number] > 0) for number in numbers)
        guest.send(stream[: len(stream) - chance.randrange(1, len(reading(1)))], chance.choice([0, 7, 1000]))
        guest.expect(PUBACK, len(numbers) // 2 or 0)
        guest.close(reset=chance.random() < 0.5)
        guest.left = True
        assert set(guest.ids()) <= set(stored(query)), "what is acknowledged is stored"
        assert numbers[-1] not in guest.ids(), "it never came whole"
        for number in numbers:
            waiting[number] += 1
            if number in guest.ids() or waiting[number] > 3:  # the last ones are cut off for ever
                del waiting[number]
    guest = broker.subscriber("sw/v1/acme/#")
    guest.send(b"".join(reading(number, duplicate=True) for number in range(1, 801)))
    guest.expect(PUBACK, 800)
    assert sorted(guest.ids()) == list(range(1, 801))
    assert stored(query) == list(range(1, 801))
    assert query("SELECT count(*) FROM dead_letter") == [(0,)], "nothing that was cut was taken for a message"


def test_quality_2_is_received_when_it_is_stored_and_completed_when_it_is_released(broker, query, held):
    guest = broker.subscriber("sw/v1/acme/#")
    with held():
        guest.send(reading(9, 2))
        time.sleep(1)
        assert not guest.of(PUBREC), "nothing is stored yet"
    guest.expect(PUBREC)
    assert stored(query) == [9]
    guest.send(reading(9, 2, duplicate=True))  # as if PUBREC had been lost
    guest.expect(PUBREC, 2)
    guest.send(b"\x62\x02\x00\x09")
    assert guest.expect(PUBCOMP) == [b"\x70\x02\x00\x09"]
    assert stored(query) == [9]


def test_a_draft_that_is_stored_after_its_connection_was_lost_acknowledges_nothing_on_the_next(broker, query, held):
    first = broker.subscriber("sw/v1/acme/#")
    with held():
        first.send(reading(7, number=1))
        time.sleep(1)  # its draft is being written
        first.close()
        first.left = True
        second = broker.subscriber("sw/v1/acme/#")
        second.send(reading(7, number=2) + reading(8, number=1, duplicate=True))
        time.sleep(0.5)
        assert not second.of(PUBACK)
    second.expect(PUBACK, 2)
    time.sleep(0.5)
    assert second.ids() == [7, 8], "each once: for the message that came by this connection"
    assert stored(query) == [1, 2]


def test_a_packet_of_20_mb_is_refused_with_a_reason_and_the_next_is_stored(broker, query):
    guest = broker.subscriber("sw/v1/acme/#")
    guest.send(publish(TOPIC, 20_000_000 * b" ", 1, 1) + reading(2), 1_000_000)
    guest.expect(PUBACK, 2, 60)
    assert stored(query) == [2]
    assert query("SELECT code FROM dead_letter") == [("too_large",)]


def test_a_worker_stops_within_seconds_while_the_broker_reads_nothing(database, query, impatient):
    with hostile() as broker:
        with working(run, Settings(database_url=database.url("ingest"), mqtt_port=broker.port)) as stop:
            guest = broker.subscriber("sw/v1/acme/#")
            for each in broker.guests:
                each.manners.reads = False
            guest.send(b"".join(map(reading, range(1, 501))))
            eventually(lambda: len(stored(query)) == 500)
            begin = time.monotonic()
            stop.set()
        assert time.monotonic() - begin < 10, "every connection in its turn"
