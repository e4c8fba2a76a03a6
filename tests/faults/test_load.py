"""Too much at once: backlogs, bursts, everybody reconnecting, one vendor flooding."""

import itertools
import threading
import time

import pytest

from bench import load as raw
from tests.faults.harness import account, eventually, settle

DEVICES = 5000


def water_meters(running, count):
    """Register further meters of acme in the first home; gives their serials."""
    running.sql(
        "INSERT INTO device (vendor_id, serial, type, home_id)"
        f" SELECT vendor.id, 'm-' || n, 'water_meter', {running.registry.homes[0]}"
        f" FROM vendor, generate_series(1, {count}) n WHERE vendor.code = 'acme'"
    )
    return [f"m-{number}" for number in range(1, count + 1)]


def volumes(serials):
    """Endless readings, each (device, time) once."""
    start = int(time.time() * 1000) - 120_000
    for number in itertools.count():
        for serial in serials:
            payload = b'{"ts":%d,"values":{"water_volume":%d}}' % (start + number, number)
            yield f"sw/v1/acme/{serial}/telemetry", payload


RECEIVED = "SELECT (detail->>'received')::int FROM heartbeat WHERE process = 'ingest/1'"


def stored(running):
    [(count,)] = running.sql(
        "SELECT count(*) FROM reading JOIN device d ON d.id = device_id WHERE d.serial LIKE 'm-%' AND metric <> 25"
    )
    return count


def connect(running, vendor, client):
    return raw.connect(running.site.broker.port, vendor, running.site.secrets.vendors[vendor], client)


def test_a_hundred_thousand_messages_waiting_at_the_start_are_all_stored_and_hold_up_no_emergency(running):
    serials = water_meters(running, 100)
    running.ingest.stop()
    running.load.abandon()
    sock = connect(running, "acme", "backlog")
    raw.Load(sock).run(volumes(serials), 100_000, None)
    running.ingest.start()
    eventually(lambda: stored(running) > 1000, 30)
    _, button = running.registry.device(39, "sos_button")
    sock.sendall(raw.publish(f"sw/v1/acme/{button}/event", b'{"values":{"sos":1}}', 1))
    begin = time.monotonic()
    eventually(lambda: running.sql(f"SELECT 1 FROM alert WHERE home_id = {running.registry.homes[39]}"), 5)
    waited, left = time.monotonic() - begin, 100_000 - stored(running)
    sock.close()
    assert left > 0, "the backlog was gone before the emergency came"
    assert waited < 2
    eventually(lambda: stored(running) >= 100_000, 60)
    assert stored(running) == 100_000


def test_a_burst_at_ten_times_the_rate_loses_nothing(running):
    time.sleep(1)
    running.load.rate = 2000
    time.sleep(4)
    running.load.rate = 200
    time.sleep(1)
    settle(running)


def test_five_thousand_terminals_that_reconnect_at_once_are_all_heard(running):
    serials = water_meters(running, DEVICES)
    eventually(lambda: f"{DEVICES}" and "registry loaded" in running.ingest.tail())
    time.sleep(1)
    now = int(time.time() * 1000)
    socks = [connect(running, "acme", serial) for serial in serials]
    for serial, sock in zip(serials, socks, strict=True):
        reading = b'{"ts":%d,"values":{"water_volume":1}}' % now
        sock.sendall(
            raw.publish(f"sw/v1/acme/{serial}/status", b"online", 1)
            + raw.publish(f"sw/v1/acme/{serial}/telemetry", reading, 2)
        )
    eventually(lambda: stored(running) >= DEVICES, 60)
    for sock in socks:
        sock.close()
    assert stored(running) == DEVICES
    settle(running)


@pytest.mark.parametrize("payload", [b"garbage %d", b'[{"n":"water_volume","v":%d}]'])
def test_a_vendor_that_floods_delays_itself_and_no_other(running, payload):
    running.sql(
        "INSERT INTO device (vendor_id, serial, type, home_id)"
        f" SELECT id, 'flood', 'water_meter', {running.registry.homes[0]} FROM vendor WHERE code = 'beta'"
    )
    time.sleep(1.5)
    sock = connect(running, "beta", "flood")
    messages = (
        (f"sw/v1/beta/flood/{('telemetry', 'event')[number % 2]}", payload % number) for number in itertools.count()
    )
    flood = threading.Thread(target=raw.Load(sock).run, args=(messages, 60_000, None))
    flood.start()
    time.sleep(2)
    late = delays(running, 5)
    flood.join()
    assert max(late) < 3, late
    running.load.stop()
    eventually(
        lambda: (
            running.sql("SELECT (detail->>'received')::int >= 60000 FROM heartbeat WHERE process = 'ingest/1'")
            == [(True,)]
        ),
        120,
    )
    account(running.site, running.load)
    sock.close()


def delays(running, seconds):
    """How far acme's readings were behind, sampled: the age of the newest reading of the load."""
    found = []
    for _ in range(int(seconds / 0.25)):
        sent = len(running.load.acknowledged)
        begin = time.monotonic()
        eventually(
            lambda sent=sent: running.sql("SELECT count(*) FROM reading JOIN metric m ON m.id = metric JOIN device d"
            " ON d.id = device_id WHERE m.name = 'water_volume' AND d.serial LIKE 'water%'")[0][0] >= sent,
            30,
        )  # fmt: skip
        found.append(time.monotonic() - begin)
        time.sleep(0.25)
    return found
