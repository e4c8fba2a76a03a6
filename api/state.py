"""What the parts of the API share: one object made at the start, passed to each."""

from dataclasses import dataclass

from psycopg_pool import ConnectionPool

from api.accounts.login import Door
from api.events.feed import Feed
from api.health.metrics import Meter
from core.settings import Settings


@dataclass
class State:
    """The API's shared parts."""

    settings: Settings
    pool: ConnectionPool
    feed: Feed
    meter: Meter
    door: Door
