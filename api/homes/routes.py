"""Homes: the list, one of them, and how a day went there."""

from datetime import datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.access import Db, Now, Shared, may
from api.errors import documented, not_found
from api.homes import days_store as days
from api.homes import store
from api.homes.models import DayQuery, Home, HomeDay, HomePage, HomeQuery
from api.values import V1, Id
from core.roles import Permission

router = APIRouter(prefix=f"{V1}/homes", tags=["homes"])
HomeId = Annotated[Id, Path()]
Reads = Annotated[Db, may(Permission.HOMES_READ)]


@router.get("", responses=documented(401, 403))
def list_homes(db: Reads, now: Now, query: Annotated[HomeQuery, Query()]) -> HomePage:
    """Homes of the caller's area, by code."""
    with db.begin() as conn:
        return store.list_homes(conn, db.me, query, now)


@router.get("/{home_id}", responses=documented(401, 403, 404))
def get_home(home_id: HomeId, db: Reads, now: Now, shared: Shared) -> Home:
    """Who lives there, whom to call, what hangs there and what it says, and the learned rhythm."""
    local = now.astimezone(shared.settings.zone)
    with db.begin() as conn:
        found = store.get_home(conn, db.me, home_id, shared.settings.timezone, local)
    if found is None:
        raise not_found("住户")
    return found


@router.get("/{home_id}/day", responses=documented(401, 403, 404))
def get_day(
    home_id: HomeId,
    db: Annotated[Db, may(Permission.HOMES_READ, Permission.READINGS_READ)],
    now: Now,
    shared: Shared,
    query: Annotated[DayQuery, Query()],
) -> HomeDay:
    """One local day as lanes, one per device and metric: what hung in this home on that day."""
    zone = shared.settings.zone
    day = query.date or now.astimezone(zone).date()
    since = datetime.combine(day, time(), zone)
    until = datetime.combine(day + timedelta(days=1), time(), zone)
    with db.begin() as conn:
        if not store.is_visible(conn, home_id):
            raise not_found("住户")
        lanes = days.lanes(conn, home_id, since, until)
    return HomeDay(date=day.isoformat(), timezone=shared.settings.timezone, since=since, until=until, lanes=lanes)
