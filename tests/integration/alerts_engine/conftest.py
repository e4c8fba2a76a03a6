"""Two homes, the engine's inbox, and a look into the database."""

from datetime import datetime

import numpy as np
import psycopg
import pytest

from core.catalogue import metrics
from core.packed import READING, pack
from core.settings import Settings
from tests.engine_rig import us
from tests.registry import seed


@pytest.fixture
def registry(database):
    return seed(database.owner, homes=2, types=("sos_button", "climate_sensor"))


@pytest.fixture
def settings(database):
    return Settings(database_url=database.url("engine"))


@pytest.fixture
def inbox(database, registry):
    with psycopg.connect(database.url("ingest"), autocommit=True) as conn:

        def put(home: int, device: str, metric: str, *readings: tuple[datetime, float], flags=0, received=None):
            rows = np.zeros(len(readings), READING)
            for row, (ts, value) in zip(rows, readings, strict=True):
                row["ts"], row["value"], row["flags"] = us(ts), value, flags
            rows["device"] = registry.device(home, device)[0]
            rows["metric"] = metrics()[metric].id
            received = received or max(ts for ts, _ in readings)
            with conn.transaction():
                conn.execute(
                    "INSERT INTO batch (shard, received_at, urgent, rows, payload) VALUES (0, %s, %s, %s, %s)",
                    (received, metric == "sos", len(rows), pack(rows)),
                )
                conn.execute("NOTIFY batch")

        yield put


@pytest.fixture
def look(database):
    with psycopg.connect(database.owner, autocommit=True) as conn:
        yield lambda query, *values: conn.execute(query, values).fetchall()
