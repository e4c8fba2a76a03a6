"""A registered site, a worker's and the self-check's settings, for tests of sessions at the broker."""

import secrets
from datetime import timedelta

import psycopg
import pytest

from core import canary
from core.settings import Settings
from deploy.broker import BrokerAdmin
from tests.registry import seed
from tests.takeover_rig import PRESSES


@pytest.fixture
def registry(database):
    return seed(database.owner, homes=PRESSES, types=("sos_button", "water_meter"))


@pytest.fixture
def settings(database, broker):
    return Settings(database_url=database.url("ingest"), mqtt_port=broker.port, mqtt_password=broker.accounts.ingest)


@pytest.fixture
def sql(database, registry):
    with psycopg.connect(database.owner, autocommit=True) as conn:
        yield lambda statement, *values: conn.execute(statement, values).fetchall()


@pytest.fixture
def self_check(broker, database):
    password = secrets.token_urlsafe()
    with BrokerAdmin("127.0.0.1", broker.port, broker.accounts.admin) as admin:
        roles = [{"rolename": canary.VENDOR}]
        admin.command("createClient", username=canary.VENDOR, password=password, roles=roles)
    return Settings(
        database_url=database.url("canary"), mqtt_port=broker.port, mqtt_username=canary.VENDOR, mqtt_password=password,
        canary_late=timedelta(hours=1),
    )  # fmt: skip
