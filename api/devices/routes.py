"""Devices: the list, one of them, and a metric's history."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.access import AnyCaller, Now, Pool, Shared
from api.devices import history_store as history
from api.devices import store
from api.devices.models import DeviceChoices, DeviceDetail, DevicePage, DeviceQuery, History, HistoryQuery
from api.errors import documented, invalid, not_found
from api.values import V1, Id
from core.catalogue import metrics

router = APIRouter(prefix=f"{V1}/devices", tags=["devices"])
DeviceId = Annotated[Id, Path()]


@router.get("", responses=documented(401, 403))
def list_devices(me: AnyCaller, pool: Pool, now: Now, query: Annotated[DeviceQuery, Query()]) -> DevicePage:
    """Devices in service, or in stock: an operator's in the area, a vendor's own without where they hang."""
    with pool.connection() as conn:
        return store.list_devices(conn, me, query, now)


@router.get("/choices", responses=documented(401, 403))
def device_choices(me: AnyCaller, pool: Pool) -> DeviceChoices:
    """Types and vendors of the devices in service that the caller may see."""
    with pool.connection() as conn:
        return store.choices(conn, me)


@router.get("/{device_id}", responses=documented(401, 403, 404))
def get_device(device_id: DeviceId, me: AnyCaller, pool: Pool, now: Now) -> DeviceDetail:
    """One device with its latest values."""
    with pool.connection() as conn:
        found = store.get_device(conn, me, device_id, now)
    if found is None:
        raise not_found("设备")
    return found


@router.get("/{device_id}/history", responses=documented(401, 403, 404))
def get_history(
    device_id: DeviceId, me: AnyCaller, pool: Pool, now: Now, shared: Shared, query: Annotated[HistoryQuery, Query()]
) -> History:
    """One metric over time, 2000 points at most.

    `auto` takes raw readings if they are few enough, else the finest bucket that fits.
    An asked-for bucket that would be too fine gives 422 `too_many_points`. A day begins at local midnight.
    """
    metric = metrics().get(query.metric)
    if metric is None:
        raise invalid("query.metric", "there is no such metric; see /catalogue", "unknown_metric")
    until = query.until or now
    since = query.since or until - timedelta(days=1)
    if since >= until:
        raise invalid("query.from", "`from` must lie before `to`", "bad_range")
    with pool.connection() as conn:
        if store.get_device(conn, me, device_id, now) is None:
            raise not_found("设备")
        span = history.Span(device_id, metric, since, until, shared.settings.timezone)
        bucket, points = history.read(conn, me, span, query.bucket)
    return History(metric=metric.name, unit=metric.unit, unit_zh=metric.unit_zh, bucket=bucket, points=points)
