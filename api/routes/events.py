"""GET /events: what happens, as it happens."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import psycopg
from anyio import to_thread
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from psycopg_pool import ConnectionPool

from api.access import Operator, Pool, Shared, token_of
from api.errors import documented
from api.feed import PAGE, Feed, Frame, Subscriber, alert_frame
from api.passwords import token_hash
from api.store import accounts, events
from api.values import V1
from api.values import Request as QueryModel

log = logging.getLogger(__name__)

router = APIRouter(prefix=V1, tags=["live"])
PING = 5.0  # seconds without a word, at most: what a console may take for a lost connection is a few of these
RECHECK = 15.0  # seconds between looks whether the session still holds
EventId = Annotated[int, Query(ge=0, le=2**63 - 1)]


class From(QueryModel):
    """Where to go on."""

    last_event_id: EventId | None = None


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={
        **documented(401, 403),
        200: {
            "description": "`alert` events (id, data: AlertChanged), `health` events (data: Health) and `canary` events"
            " (data: ts, when the self-check signal that came round was sent, in microseconds since 1970)",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
    },
)
def live(
    me: Operator,
    shared: Shared,
    pool: Pool,
    request: Request,
    query: Annotated[From, Query()],
    last_event_id: Annotated[int | None, Header(ge=0, le=2**63 - 1)] = None,
) -> StreamingResponse:
    """Server-sent events of the caller's area.

    With `Last-Event-ID` (browsers send it by themselves; `?last_event_id=` for the first time) all later events come
    first. Without, the stream starts at the newest.
    """
    last = last_event_id if last_event_id is not None else query.last_event_id
    session = partial(_session_holds, pool, token_hash(token_of(request) or ""))
    stream = Stream(shared.feed, pool, me.scope, last, session)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream.frames(), media_type="text/event-stream", headers=headers)


def _session_holds(pool: ConnectionPool, digest: bytes) -> bool:
    """Whether the session is still good; while the database is away it is, for that is when health must be heard."""
    try:
        with pool.connection(timeout=1) as conn:
            return accounts.session_account(conn, digest, datetime.now(UTC)) is not None
    except psycopg.Error:
        return True


class Stream:
    """One console's live connection."""

    def __init__(self, feed: Feed, pool: ConnectionPool, scope: str, last: int | None, session: partial[bool]) -> None:
        self.feed, self.pool, self.scope, self.last, self.session = feed, pool, scope, last, session
        self.sent = 0

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """The bytes of the stream, until the client leaves, is too slow, logs out, or the server stops."""
        subscriber = self.feed.subscribe(self.scope)
        try:
            yield b"retry: 1000\n: welcome\n\n"
            if self.feed.health:
                yield self.feed.health.data
            async with aclosing(self._missed()) as missed:
                async for frame in missed:
                    yield frame.data
            async with aclosing(self._live(subscriber)) as live:
                async for data in live:
                    yield data
        except psycopg.Error as error:  # the client comes back and goes on where it was
            log.warning("a live stream lost the database: %s", type(error).__name__)
        finally:
            self.feed.unsubscribe(subscriber)

    async def _missed(self) -> AsyncGenerator[Frame, None]:
        newest = await to_thread.run_sync(self._newest)
        if self.last is None or self.last > newest:  # a number from the future is from another database
            self.sent = newest
            yield Frame(newest, self.scope, b"id: %d\n\n" % newest)  # so that a reconnect asks from here
            return
        self.sent = self.last
        while True:
            found = await to_thread.run_sync(self._page)
            for change in found:
                self.sent = change.id
                yield alert_frame(change)
            if len(found) < PAGE:
                return

    async def _live(self, subscriber: Subscriber) -> AsyncGenerator[bytes, None]:
        clock = asyncio.get_running_loop().time
        recheck = clock() + RECHECK
        while not subscriber.over:
            frame = await _next(subscriber)
            if frame is None or subscriber.over:
                yield b": ping\n\n"
            elif not frame.id or frame.id > self.sent:
                self.sent = frame.id or self.sent
                yield frame.data
            if clock() >= recheck:
                recheck = clock() + RECHECK
                if not await to_thread.run_sync(self.session):
                    return

    def _newest(self) -> int:
        with self.pool.connection() as conn:
            return events.newest(conn)

    def _page(self) -> list[events.Change]:
        with self.pool.connection() as conn:
            return events.after(conn, self.sent, PAGE, self.scope)


async def _next(subscriber: Subscriber) -> Frame | None:
    """The next frame; None when there is none for a while, or the stream is over."""
    try:
        async with asyncio.timeout(PING):
            return await subscriber.queue.get()
    except TimeoutError:
        return None
