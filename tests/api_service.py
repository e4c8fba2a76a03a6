"""The API as its program runs it, on a port of its own, for tests that speak HTTP to it."""

import json
import queue
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg

from api.server import run
from core.settings import Settings
from tests.conftest import Database
from tests.ports import a_port
from tests.registry import PASSWORD, Registry, seed
from tests.waiting import eventually

CSRF = {"X-Shouwang": "1"}


@dataclass
class Service:
    """A running API over a seeded database."""

    database: Database
    registry: Registry
    url: str
    ops: str  # where metrics and the document are
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self, **kwargs: Any) -> httpx.Client:
        """A client that nobody has logged in."""
        self.clients.append(httpx.Client(base_url=self.url, timeout=20, **kwargs))
        return self.clients[-1]

    def login(self, username: str) -> httpx.Client:
        """A browser-like client of this account."""
        client = self.client(headers=CSRF)
        answer = client.post("/api/v1/login", json={"username": username, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return client

    def metrics(self) -> str:
        """What Prometheus gets."""
        return httpx.get(f"{self.ops}/metrics", timeout=20).text

    def document(self) -> dict[str, Any]:
        """The OpenAPI document."""
        found: dict[str, Any] = httpx.get(f"{self.ops}/api/openapi.json", timeout=20).json()
        return found

    def sql(self, statement: str, *values: Any, program: str | None = None) -> list[tuple[Any, ...]]:
        """Run one statement as the schema's owner, or as a program's login; the API's asks for an operator of `qu`."""
        logins = {None: self.database.owner, "api": self.database.desk}
        url = logins.get(program) or self.database.url(str(program))
        with psycopg.connect(url) as conn:
            cursor = conn.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def raise_alert(self, home: int = 0, rule: str = "sos", severity: str = "emergency") -> int:
        """What the engine does when it finds something: an alert and its first event, in one transaction."""
        with psycopg.connect(self.database.url("engine")) as conn:
            row = conn.execute(
                "INSERT INTO alert (home_id, device_id, rule, severity, occurred_at, opened_at, last_at, evidence)"
                " VALUES (%s, %s, %s, %s, clock_timestamp(), clock_timestamp(), clock_timestamp(), %s) RETURNING id",
                (
                    self.registry.homes[home], self.registry.device(home, "sos_button")[0], rule, severity,
                    json.dumps({"metric": "sos", "value": 1, "text_zh": "按下紧急呼叫"}),
                ),
            ).fetchone()  # fmt: skip
            assert row is not None
            self.add_event(conn, row[0])
        return int(row[0])

    def add_event(self, conn: psycopg.Connection, alert_id: int, kind: str = "opened") -> None:
        """One more line of an alert's history, in the caller's transaction."""
        conn.execute(
            "INSERT INTO alert_event (alert_id, at, kind) VALUES (%s, clock_timestamp(), %s)", (alert_id, kind)
        )

    def set_policy(self, value: float = 6) -> int:
        """A value of the first home that somebody has set, in place of the one before; its number."""
        self.sql("UPDATE policy SET ended_at = now(), ended_by = set_by WHERE ended_at IS NULL")
        ((number,),) = self.sql(
            "INSERT INTO policy (rule, field, home_id, value, quieter, reason, set_by, since, review_at) SELECT"
            " 'not_back', 'away_hours', %s, %s, false, '常常头晕', id, now(), now() FROM account"
            " WHERE username = 'chief' RETURNING id",
            self.registry.homes[0], value,
        )  # fmt: skip
        return int(number)

    def other_area(self) -> str:
        """Another district with an operator `far`; returns the area's path."""
        self.sql("INSERT INTO area (path, name) VALUES ('elsewhere', '别处测试区') ON CONFLICT DO NOTHING")
        self.sql(
            "INSERT INTO account (username, name, password_hash, role, area)"
            " SELECT 'far', '测试·别区', password_hash, 'operator', 'elsewhere' FROM account WHERE username = 'op1'"
            " ON CONFLICT DO NOTHING"
        )
        return "elsewhere"


@contextmanager
def serving(database: Database, homes: int = 2, **settings: Any) -> Iterator[Service]:
    """Seed the database and run the API's program over it until the end of the block."""
    registry = seed(database.owner, homes=homes)
    ops_port = a_port()
    with running(database, ops_port=ops_port, **settings) as url:
        service = Service(database, registry, url, f"http://127.0.0.1:{ops_port}")
        try:
            yield service
        finally:
            for client in service.clients:
                client.close()


@contextmanager
def running(database: Database, **settings: Any) -> Iterator[str]:
    """The API's program in a thread; gives its address."""
    port = a_port()
    settings = {"ops_port": a_port(), "cookie_secure": False, **settings}
    config = Settings(database_url=database.url("api"), api_port=port, **settings)
    stop, failed = threading.Event(), queue.SimpleQueue[BaseException]()

    def program() -> None:
        try:
            run(config, stop)
        except BaseException as error:
            failed.put(error)

    thread = threading.Thread(target=program, name="api under test")
    thread.start()
    url = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: not failed.empty() or _answers(url))
        yield url
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive(), "the API did not stop"
    if not failed.empty():
        raise failed.get()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz").status_code == 200
    except httpx.TransportError:
        return False


@dataclass
class Event:
    """One server-sent event as a client gets it."""

    kind: str
    id: int | None
    data: Any
    at: float  # time.time() of receipt


class Stream:
    """A console's live connection, read by a thread."""

    def __init__(self, client: httpx.Client, path: str = "/api/v1/events", **kwargs: Any) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.last_id: int | None = None
        self.ended = threading.Event()
        self.opened = threading.Event()
        self._client, self._path, self._kwargs = client, path, kwargs
        self._response: httpx.Response | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> "Stream":
        self._thread.start()
        assert self.opened.wait(10), "the stream did not open"
        return self

    def next(self, kind: str, seconds: float = 10) -> Event:
        """The next event of a kind; others are let pass."""
        end = time.monotonic() + seconds
        while True:
            event = self.events.get(timeout=max(end - time.monotonic(), 0.01))
            if event.kind == kind:
                return event

    def __exit__(self, *_: object) -> None:
        if self._response is not None:  # closing alone would not wake the thread that reads
            with suppress(OSError):
                self._response.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        self._thread.join(10)

    @property
    def headers(self) -> httpx.Headers:
        """The answer's."""
        assert self._response is not None
        return self._response.headers

    def _read(self) -> None:
        try:
            with self._client.stream("GET", self._path, timeout=30, **self._kwargs) as response:
                assert response.status_code == 200, response.status_code
                self._response = response
                self._parse(response.iter_lines())
        except (httpx.TransportError, httpx.StreamError, OSError):
            pass  # closed from either side
        finally:
            self.ended.set()

    def _parse(self, lines: Iterator[str]) -> None:
        kind, number, data = "message", None, ""
        for line in lines:
            name, _, value = line.partition(": ")
            if name == "event":
                kind = value
            elif name == "id":
                number = self.last_id = int(value)
                self.opened.set()
            elif name == "data":
                data = value
            elif not line:
                if data:
                    self.events.put(Event(kind, number, json.loads(data), time.time()))
                kind, number, data = "message", None, ""

    def alerts(self, count: int, seconds: float = 10) -> list[Event]:
        """The next `count` alert events."""
        deadline, found = time.monotonic() + seconds, list[Event]()
        while len(found) < count:
            try:
                event = self.events.get(timeout=max(deadline - time.monotonic(), 0.01))
            except queue.Empty:
                raise AssertionError(f"{len(found)} of {count} alert events within {seconds} s") from None
            if event.kind == "alert":
                found.append(event)
        return found
