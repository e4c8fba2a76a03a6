"""GET /events: what happens, as it happens."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import psycopg
from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from psycopg_pool import ConnectionPool
from starlette.types import Receive, Scope, Send

from api.access import Db, May, MayListen, Shared, token_of
from api.accounts import store as accounts
from api.accounts.passwords import token_hash
from api.accounts.store import Caller
from api.errors import documented
from api.events import store as events
from api.events.feed import PAGE, Feed, Frame, Subscriber, alert_frame
from api.events.models import SessionEnd
from api.values import V1
from api.values import Request as QueryModel
from core.roles import Permission

log = logging.getLogger(__name__)

router = APIRouter(prefix=V1, tags=["live"])
PING = 5.0  # seconds without a word, at most: a console that hears nothing for 11.5 takes the connection for lost
PING_FRAME = b"event: ping\ndata: {}\n\n"  # an event, for a browser's page does not see comments
CHECK_EVERY = 15.0  # seconds between looks whether the session still holds, should its notice have been missed
EventId = Annotated[int, Query(ge=0, le=2**63 - 1)]


class From(QueryModel):
    """Where to go on."""

    last_event_id: EventId | None = None


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={
        **documented(401, 403, 429),
        200: {
            "description": "`alert` events (id, data: AlertChanged), `health` events (data: Health), `canary` events"
            " (data: ts, when the self-check signal that came round was sent, in microseconds since 1970) and `session`"
            " events (data: ends_at, when the session ends unless it is used; first of all, and when that has changed)"
            "; a `ping` event where nothing else was said for five seconds",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
    },
)
async def live(
    db: Annotated[Db, Depends(MayListen(May((Permission.ALERTS_READ,))))],
    shared: Shared,
    request: Request,
    query: Annotated[From, Query()],
    last_event_id: Annotated[int | None, Header(ge=0, le=2**63 - 1)] = None,
) -> StreamingResponse:
    """Server-sent events of the caller's area. Listening renews no session; any other request does.

    With `Last-Event-ID` (browsers send it by themselves; `?last_event_id=` for the first time) all later events come
    first. Without, the stream starts at the newest. 429 when the account, 503 when the service has too many open.
    """
    last = last_event_id if last_event_id is not None else query.last_event_id
    me = db.me
    assert me.area is not None  # only a vendor has none, and may not listen
    session = Session(shared.logins, token_hash(token_of(request) or ""), me, me.expires_at)
    return Live(Stream(shared.feed, db, shared.feed.subscribe(me.id, me.area), last, session))


@dataclass
class Session:
    """The session that a stream belongs to."""

    pool: ConnectionPool
    digest: bytes
    me: Caller
    ends_at: datetime
    told: datetime | None = None

    def holds(self) -> bool:
        """Whether it is still of this area and role; while the database is away it does, for then health must be heard.

        An open stream is use: no idle time counts while it is, also after the database was away for long.
        """
        now = datetime.now(UTC)
        try:
            with self.pool.connection(timeout=1) as conn:
                found = accounts.session_account(conn, self.digest, now)
                if found:
                    accounts.touch(conn, found, now)
        except psycopg.Error:
            return True
        if found:
            self.ends_at = found.expires_at
        return found is not None and (found.area, found.role) == (self.me.area, self.me.role)

    def news(self) -> bytes:
        """An event with the end, where it is another than was told."""
        if self.told == self.ends_at:
            return b""
        self.told = self.ends_at
        return b"event: session\ndata: %s\n\n" % SessionEnd(ends_at=self.ends_at).model_dump_json().encode()


class Live(StreamingResponse):
    """A stream as an answer; however it ends, its place is free again."""

    def __init__(self, stream: "Stream") -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(stream.frames(), media_type="text/event-stream", headers=headers)
        self.stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.stream.feed.unsubscribe(self.stream.subscriber)


class Stream:
    """One console's live connection."""

    def __init__(self, feed: Feed, db: Db, subscriber: Subscriber, last: int | None, session: Session) -> None:
        self.feed, self.db, self.subscriber, self.last, self.session = feed, db, subscriber, last, session
        self.sent = 0
        self.check_at = 0.0

    async def frames(self) -> AsyncGenerator[bytes, None]:
        """The bytes of the stream, until the client leaves, is too slow, logs out, or the server stops."""
        try:
            yield b"retry: 1000\n: welcome\n\n" + self.session.news()
            if self.feed.health:
                yield self.feed.health.data
            async with aclosing(self._missed()) as missed:
                async for frame in missed:
                    yield frame.data
            async with aclosing(self._live()) as live:
                async for data in live:
                    yield data
        except psycopg.Error as error:  # the client comes back and goes on where it was
            log.warning("a live stream lost the database: %s", type(error).__name__)

    async def _missed(self) -> AsyncGenerator[Frame, None]:
        newest = await to_thread.run_sync(self._newest)
        if self.last is None or self.last > newest:  # a number from the future is from another database
            self.sent = newest
            yield Frame(newest, self.subscriber.scope, b"id: %d\n\n" % newest)  # so that a reconnect asks from here
            return
        self.sent = self.last
        while await self._may_go_on():
            found = await to_thread.run_sync(self._page)
            for change in found:
                self.sent = change.id
                yield alert_frame(change)
            if len(found) < PAGE:
                return

    async def _live(self) -> AsyncGenerator[bytes, None]:
        while await self._may_go_on():
            if news := self.session.news():
                yield news
            frame = await _next(self.subscriber)
            if frame is None:
                yield PING_FRAME
            elif frame.data and (not frame.id or frame.id > self.sent) and await self._may_go_on():
                self.sent = frame.id or self.sent
                yield frame.data

    async def _may_go_on(self) -> bool:
        """Whether the session holds: looked up when there is doubt, and now and then in case its notice was missed."""
        now, subscriber = asyncio.get_running_loop().time(), self.subscriber
        if subscriber.doubted or now >= self.check_at:
            subscriber.doubted, self.check_at = False, now + CHECK_EVERY
            if not await to_thread.run_sync(self.session.holds):
                subscriber.over = True
        return not subscriber.over

    def _newest(self) -> int:
        with self.db.begin() as conn:
            return events.newest(conn)

    def _page(self) -> list[events.Change]:
        with self.db.begin() as conn:
            return events.after(conn, self.sent, PAGE)


async def _next(subscriber: Subscriber) -> Frame | None:
    """The next frame; None when there is none for a while, or the stream is over."""
    try:
        async with asyncio.timeout(PING):
            return await subscriber.queue.get()
    except TimeoutError:
        return None
