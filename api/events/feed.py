"""The live feed: one database listener per process, fanned out to every connected console.

A console that connects with the id of the last event it saw gets all later ones from the database first. It is
subscribed before that reading starts, and what it gets twice is skipped by id, so there is neither gap nor repeat.
Ids become visible in order (migration 0003), so "all after n" is complete.
"""

import asyncio
import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import psycopg

from api.errors import ApiError
from api.events import store as events
from api.events.store import Change
from api.health.metrics import Meter
from api.values import CELL
from core.database import connect
from core.settings import Settings

log = logging.getLogger(__name__)

WATCH = "shouwang_watch"  # the database role that sees the alerts of all areas, and changes nothing
QUEUE = 500  # frames a slow client may be behind before it is disconnected
PAGE = 200  # events read at once
PATIENCE = 0.5  # seconds that the next page of a burst waits for clients which are still reading the last one


class Frame(NamedTuple):
    """One server-sent event, rendered once for all who get it."""

    id: int  # 0 for what has none
    area_path: str | None  # None: for everybody
    data: bytes


def alert_frame(change: Change) -> Frame:
    """The frame of an alert event."""
    body = change.body.model_dump_json().encode()
    return Frame(change.id, change.area_path, b"event: alert\nid: %d\ndata: %s\n\n" % (change.id, body))


def canary_frame(at: str) -> Frame:
    """A self-check signal that came the whole way, by the microsecond it was sent."""
    return Frame(0, None, b'event: canary\ndata: {"ts": %d}\n\n' % int(at))


def within(path: str, scope: str) -> bool:
    """Whether an area is another, or lies in it."""
    return path == scope or path.startswith(f"{scope}.")


WAKE = Frame(0, None, b"")  # says nothing: a stream that waits looks up


class Subscriber:
    """One connected console. Lives on the event loop."""

    def __init__(self, account: int, scope: str) -> None:
        self.account, self.scope = account, scope
        self.queue: asyncio.Queue[Frame] = asyncio.Queue(QUEUE)
        self.over = False
        self.doubted = False  # the session may have ended: to be looked up before anything more is sent

    def push(self, frame: Frame) -> bool:
        """Hand over a frame if it is for this one; False when the client is too slow and must reconnect."""
        if self.over or not (frame.area_path is None or within(frame.area_path, self.scope)):
            return True
        if self.queue.full():
            self.end()
            return False
        self.queue.put_nowait(frame)
        return True

    def doubt(self) -> None:
        """Let the stream look whether its session still holds."""
        self.doubted = True
        if self.queue.empty():
            self.queue.put_nowait(WAKE)

    def end(self) -> None:
        """Let the stream end, whatever still waits: the client comes back with the last id it saw."""
        self.over = True
        if not self.queue.full():
            self.queue.put_nowait(WAKE)


class Feed:
    """Listens to the database in a thread of its own, and tells every subscriber."""

    def __init__(self, settings: Settings, meter: Meter) -> None:
        self._url = settings.database_url.get_secret_value()
        self._cell = settings.cell
        self._meter = meter
        self._most, self._most_per_account = settings.streams, settings.streams_per_account
        self._stop = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._subscribers: set[Subscriber] = set()
        self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
        self.last_id: int | None = None  # None: not connected yet
        self.health: Frame | None = None  # the newest, for whoever connects

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def close(self) -> None:
        """End every stream and the listener."""
        self._stop.set()
        self._call(self._end_all)
        if self._thread.is_alive():
            self._thread.join(5)

    def subscribe(self, account: int, scope: str) -> Subscriber:
        """A new subscriber; call on the event loop. Raises ApiError when there are too many."""
        self._loop = asyncio.get_running_loop()
        if len(self._subscribers) >= self._most:
            message = "实时连接已满，请联系技术人员 (too many live connections in all)"
            raise ApiError(503, "too_many_streams", message, headers={"Retry-After": "5"}, most=self._most)
        if sum(one.account == account for one in self._subscribers) >= self._most_per_account:
            message = "此账号的实时连接过多，请关闭多余的页面 (too many live connections of this account)"
            headers = {"Retry-After": "5"}
            raise ApiError(429, "too_many_streams", message, headers=headers, most=self._most_per_account)
        subscriber = Subscriber(account, scope)
        self._subscribers.add(subscriber)
        self._meter.sse_clients.set(len(self._subscribers))
        if self._stop.is_set():
            subscriber.end()
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Forget a subscriber; call on the event loop."""
        self._subscribers.discard(subscriber)
        self._meter.sse_clients.set(len(self._subscribers))

    def publish(self, frames: Sequence[Frame]) -> None:
        """Hand frames to every subscriber, from any thread."""
        self._call(self._deliver, frames)

    def _let_drain(self) -> None:
        """In a burst, let clients that read keep up; one that does not can hold up a page by PATIENCE, no more."""
        end = time.monotonic() + PATIENCE
        delivered = threading.Event()
        self._call(delivered.set)
        delivered.wait(PATIENCE)
        while any(not one.over and not one.queue.empty() for one in tuple(self._subscribers)):
            if time.monotonic() > end or self._stop.wait(0.005):
                return

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        loop = self._loop
        if loop is None or loop.is_closed():
            return
        try:
            loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            log.info("the event loop has ended")

    def _deliver(self, frames: Sequence[Frame]) -> None:
        for subscriber in self._subscribers:
            if not all(subscriber.push(frame) for frame in frames):
                self._meter.sse_dropped.inc()

    def _end_all(self) -> None:
        for subscriber in self._subscribers:
            subscriber.end()

    def _recheck(self, account: int | None = None) -> None:
        for subscriber in self._subscribers:
            if account in (None, subscriber.account):
                subscriber.doubt()

    def _run(self) -> None:
        CELL.set(self._cell)
        pause = 0.1
        while not self._stop.is_set():
            try:
                with connect(self._url, "api feed", autocommit=True, role=WATCH) as conn:
                    conn.execute("LISTEN alert_event")
                    conn.execute("LISTEN canary")
                    conn.execute("LISTEN session")
                    self._call(self._recheck)  # what ended while nobody listened
                    log.info("live feed listening")
                    pause = 0.1
                    self._listen(conn)
            except psycopg.Error as error:
                log.warning("live feed lost the database: %s %s", type(error).__name__, error.sqlstate or "")
                self._stop.wait(pause * random.uniform(0.5, 1))  # noqa: S311  jitter, not a secret
                pause = min(pause * 2, 1)

    def _listen(self, conn: psycopg.Connection) -> None:
        if self.last_id is None:
            self.last_id = events.newest(conn)
        while not self._stop.is_set():
            self._catch_up(conn)
            for notice in conn.notifies(timeout=0.5, stop_after=1):
                if notice.channel == "canary":
                    self.publish([canary_frame(at) for at in notice.payload.split(",")])
                elif notice.channel == "session":
                    self._call(self._recheck, int(notice.payload))

    def _catch_up(self, conn: psycopg.Connection) -> None:
        assert self.last_id is not None
        while events.newest(conn) > self.last_id:  # far cheaper to ask than `after`, and mostly the answer is no
            found = events.after(conn, self.last_id, PAGE)
            if found:
                self.last_id = found[-1].id
                self._meter.sse_events.inc(len(found))
                self.publish([alert_frame(change) for change in found])
            if len(found) < PAGE:
                return
            self._let_drain()
