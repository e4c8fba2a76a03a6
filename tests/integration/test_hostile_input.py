"""Whatever a terminal may send ends in the database or in the rejected list, and never stops the worker."""

import json
from datetime import UTC, datetime

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.packed import Flag
from core.settings import Settings
from ingest.draft import Message
from ingest.formats import flat
from ingest.pipeline import Pipeline
from ingest.routes import Routes
from ingest.store import readings
from registry import snapshot_store
from tests.registry import seed

NOW = datetime.now(UTC).replace(microsecond=0)
RECEIVED = int(NOW.timestamp()) * 1_000_000
NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70), st.floats(), st.booleans(), st.none(), st.text(max_size=5), st.just(2**63),
    st.lists(st.integers(), max_size=2),
)  # fmt: skip
TIMES = st.one_of(
    st.integers(-(2**70), 2**70), st.floats(), st.just("1970-01-01T00:00:00Z"), st.just("2099-12-31T23:59:59+08:00"),
    st.just("2026-02-30T00:00:00Z"), st.text(max_size=30), st.none(),
    st.integers(RECEIVED // 1000, RECEIVED // 1000 + 9),
)  # fmt: skip
NAMES = st.sampled_from(["temperature", "humidity", "battery", "online", "nonsense", "", "\x00", "温度"])
READING = st.fixed_dictionaries({"ts": TIMES, "values": st.dictionaries(NAMES, NUMBERS, max_size=4)})
PAYLOADS = st.one_of(
    st.binary(max_size=300),
    READING.map(lambda document: json.dumps(document).encode()),
    st.lists(READING, max_size=3).map(
        lambda document: json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    ),
)
TOPICS = st.one_of(
    st.sampled_from(["telemetry", "event", "status"]).map(lambda kind: f"sw/v1/acme/climate_sensor-0/{kind}"),
    st.just("sw/v1/acme/nobody/telemetry"), st.text(max_size=20).map(lambda word: f"sw/v1/{word}/x/event"),
)  # fmt: skip


@pytest.fixture
def ingest(database):
    seed(database.owner, homes=1, types=("climate_sensor",))
    config = Settings(database_url=database.url("ingest"))
    with psycopg.connect(database.url("ingest"), autocommit=True) as conn:
        pipeline = Pipeline(Routes(*snapshot_store.registered(conn)), config)

        def take(*messages):
            return readings.write(conn, pipeline.draft(messages), 1, NOW)

        take.conn = conn
        yield take


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(st.tuples(TOPICS, PAYLOADS), min_size=1, max_size=3))
def test_any_bytes_on_any_topic_are_stored_or_refused_with_a_reason(ingest, messages):
    before = counts(ingest)
    stored = ingest(*(Message(topic, payload, RECEIVED) for topic, payload in messages))
    after = counts(ingest)
    assert after[0] - before[0] == stored.rows
    assert stored.rows + stored.duplicates + after[1] - before[1] > 0, "nothing vanishes"
    [(reasons,)] = ingest.conn.execute("SELECT count(*) FROM dead_letter WHERE length(reason) < 10").fetchall()
    assert reasons == 0, "a reason tells the vendor what to change"


def counts(ingest):
    [(readings, letters)] = ingest.conn.execute(
        "SELECT (SELECT count(*) FROM reading), (SELECT coalesce(sum(count), 0) FROM dead_letter)"
    ).fetchall()
    return readings, letters


@pytest.mark.parametrize(("ts", "flag"), [
    (0, Flag.CLOCK), (4_070_908_800_000, Flag.CLOCK), (RECEIVED // 1000 - 3_600_000, Flag.LATE),
    (RECEIVED // 1000 + 200_000, Flag(0)), (-(2**62), Flag.CLOCK),
], ids=["1970", "2099", "an hour ago", "in three minutes", "before all time"])  # fmt: skip
def test_clocks_of_1970_and_2099_are_not_believed(ingest, ts, flag):
    payload = json.dumps({"ts": ts, "values": {"temperature": 20}}).encode()
    ingest(Message("sw/v1/acme/climate_sensor-0/telemetry", payload, RECEIVED))
    found = ingest.conn.execute("SELECT (extract(epoch FROM ts) * 1000)::bigint, flags FROM reading").fetchall()
    if found:
        assert found == [(RECEIVED // 1000 if flag & Flag.CLOCK else ts, flag)]
    else:
        assert ingest.conn.execute("SELECT code FROM dead_letter").fetchall() == [("bad_time",)]


def test_a_payload_of_the_largest_size_the_broker_takes_is_read_or_refused(ingest):
    samples = ",".join(f'{{"ts":{RECEIVED // 1000 - n},"values":{{"temperature":20}}}}' for n in range(5000))
    for payload in (f"[{samples}]".encode()[:262_000], b"[" * 262_000, b'{"values":{"temperature":' + b"9" * 262_000):
        ingest(Message("sw/v1/acme/climate_sensor-0/telemetry", payload, RECEIVED))
    assert counts(ingest) == (0, 3)


def test_out_of_order_and_repeated_readings_are_each_stored_once(ingest):
    moments = [RECEIVED // 1000 - n for n in (5, 1, 3, 1, 5, 2)]
    for chunk in (moments[:4], moments[2:]):
        document = json.dumps([{"ts": ts, "values": {"temperature": 20}} for ts in chunk]).encode()
        ingest(Message("sw/v1/acme/climate_sensor-0/telemetry", document, RECEIVED))
    assert counts(ingest) == (4, 0)


def test_a_bug_in_a_format_costs_its_own_message_only(ingest, monkeypatch):
    decode = flat.decode
    monkeypatch.setattr(flat, "decode", lambda payload: 1 / 0 if payload == b"odd" else decode(payload))
    good = json.dumps({"values": {"temperature": 20}}).encode()
    ingest(*(Message("sw/v1/acme/climate_sensor-0/telemetry", payload, RECEIVED) for payload in (b"odd", good)))
    assert counts(ingest) == (1, 1)
    assert ingest.conn.execute("SELECT code, payload FROM dead_letter").fetchall() == [("internal_error", b"odd")]
