"""What the parts of the API share: one object made at the start, passed to each."""

from dataclasses import dataclass

from psycopg_pool import ConnectionPool

from api.accounts.login import FrontDoor
from api.events.feed import Feed
from api.health.metrics import Meter
from core.settings import Settings


@dataclass
class AppState:
    """The API's shared parts."""

    settings: Settings
    pool: ConnectionPool  # requests: sees nothing until a caller's scope is entered, see api.access.Db
    logins: ConnectionPool  # the role shouwang_door: passwords and sessions, nothing of homes
    watch: ConnectionPool  # the role shouwang_watch: health and metrics over all areas
    feed: Feed
    meter: Meter
    door: FrontDoor
