"""The record: alerts that were answered for."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.access import Db, Shared, may
from api.errors import documented
from api.records import store
from api.records.models import RecordChoices, RecordFilter, RecordPage, RecordQuery, RecordSummary
from api.values import V1
from core.roles import Permission

router = APIRouter(prefix=f"{V1}/records", tags=["records"])
Reads = Annotated[Db, may(Permission.RECORDS_READ)]


@router.get("", responses=documented(401, 403))
def list_records(db: Reads, shared: Shared, wanted: Annotated[RecordQuery, Query()]) -> RecordPage:
    """Closed alerts of the caller's area, those raised last first."""
    with db.begin() as conn:
        return store.list_records(conn, wanted, shared.settings.zone)


@router.get("/summary", responses=documented(401, 403))
def record_summary(db: Reads, shared: Shared, wanted: Annotated[RecordFilter, Query()]) -> RecordSummary:
    """How many there are over the whole filter, how many waited too long, and how long half of them waited."""
    with db.begin() as conn:
        return store.summary(conn, wanted, shared.settings.zone)


@router.get("/choices", responses=documented(401, 403))
def record_choices(db: Reads) -> RecordChoices:
    """Who handled closed alerts, and the rules they are of."""
    with db.begin() as conn:
        return store.choices(conn)
