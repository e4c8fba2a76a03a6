"""Homes: the list, one of them, and how a day went there."""

from datetime import datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.access import Now, Operator, Pool, Shared
from api.errors import documented, not_found
from api.homes import days_store as days
from api.homes import store
from api.homes.models import DayQuery, Home, HomeDay, HomePage, HomeQuery
from api.homes.sight import permissions
from api.values import V1, Id

router = APIRouter(prefix=f"{V1}/homes", tags=["homes"])
HomeId = Annotated[Id, Path()]


@router.get("", responses=documented(401, 403))
def list_homes(me: Operator, pool: Pool, now: Now, query: Annotated[HomeQuery, Query()]) -> HomePage:
    """Homes of the caller's area, by code."""
    with pool.connection() as conn:
        return store.list_homes(conn, me.scope, query, now)


@router.get("/{home_id}", responses=documented(401, 403, 404))
def get_home(home_id: HomeId, me: Operator, pool: Pool, now: Now, shared: Shared) -> Home:
    """Who lives there, whom to call, what hangs there and what it says, and the learned rhythm."""
    local = now.astimezone(shared.settings.zone)
    with pool.connection() as conn:
        found = store.get_home(conn, me.id, me.scope, home_id, permissions(me), shared.settings.timezone, local)
    if found is None:
        raise not_found("住户")
    return found


@router.get("/{home_id}/day", responses=documented(401, 403, 404))
def get_day(
    home_id: HomeId, me: Operator, pool: Pool, now: Now, shared: Shared, query: Annotated[DayQuery, Query()]
) -> HomeDay:
    """One local day as lanes, one per device and metric: what hung in this home on that day."""
    zone = shared.settings.zone
    day = query.date or now.astimezone(zone).date()
    since = datetime.combine(day, time(), zone)
    until = datetime.combine(day + timedelta(days=1), time(), zone)
    with pool.connection() as conn:
        if not store.is_visible(conn, me.scope, home_id):
            raise not_found("住户")
        lanes = days.lanes(conn, home_id, since, until)
    return HomeDay(date=day.isoformat(), timezone=shared.settings.timezone, since=since, until=until, lanes=lanes)
