"""Connections that a slow or silent client cannot keep: deadlines for what it sends and reads, and a bounded number.

uvicorn has a timeout between requests only (its issue 157), and asyncio's accept loop goes mad and floods the log when
there are no more open files (CPython's issue 151615). Here every connection that waits for its client stands in one
line, the longest waiting first. Beyond the cap that one is closed, not the newest: who sends a request at once gets in.
"""

import asyncio
import logging
import resource
import socket
from collections import OrderedDict

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

log = logging.getLogger(__name__)

HEAD = 10.0  # seconds for a request's headers, from the connection's or the request's first byte
BODY = 20.0  # seconds for its body
STALLED = 30.0  # seconds that an answer may wait for its reader
UNHEARD = 20_000  # ms after which the kernel gives up on a peer that acknowledges nothing: a laptop that was closed
BACKLOG = 64  # connections that the event loop accepts in one turn
QUEUE = 4096  # connections that the kernel keeps until they are accepted: beyond it, a client tries again in a second
# Open files beside the counted connections: it takes four turns to accept one, count it, abort another and close that;
# and the database, the console's files, the listeners.
RESERVE = 4 * BACKLOG + 100


def cap(wanted: int) -> int:
    """How many connections there may be: as wanted, or what the limit of open files allows once it is raised."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    possible = wanted if hard == resource.RLIM_INFINITY else min(wanted, max(hard - RESERVE, 10))
    if possible < wanted:
        log.warning("%d connections at most: the limit of open files is %d", possible, hard)
    return possible


class Impatient(H11Protocol):
    """uvicorn's protocol with deadlines. `limited` makes a class of it that knows its cap."""

    most: int
    idle: OrderedDict["Impatient", None]  # connections that wait for their client, the longest waiting first

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count it; when there are too many, close whoever has waited longest without a request."""
        super().connection_made(transport)
        self._waits_for = ""
        self._deadline: asyncio.TimerHandle | None = None
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNHEARD)
        # asyncio does this for sockets that name their protocol, which those of a given listener do not: without it
        # an answer of two packets waits 40 ms for the client's delayed acknowledgement.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._look()
        if len(self.connections) > self.most:
            oldest = next(iter(self.idle))
            log.warning("more than %d connections: the longest without a request is closed", self.most)
            oldest.drop()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._wait("", 0)
        self.idle.pop(self, None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A slow trickle moves no deadline: only a whole head or body does."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Wait for the next request; how long is uvicorn's own timeout."""
        super().on_response_complete()
        if self.conn.their_state is h11.IDLE and not self.transport.is_closing():
            self.idle[self] = None

    def pause_writing(self) -> None:
        """The reader is slow."""
        super().pause_writing()
        self._wait("reader", STALLED)

    def resume_writing(self) -> None:
        """It goes on."""
        super().resume_writing()
        if self._waits_for == "reader":
            self._wait("", 0)

    def drop(self) -> None:
        """Close it at once, and what it holds."""
        self.idle.pop(self, None)
        self.connections.discard(self)  # counted no more, though its end is told a moment later
        self.transport.abort()

    def _look(self) -> None:
        """How far has its request come?"""
        if self._waits_for == "reader" or self.transport.is_closing():
            return
        state = self.conn.their_state
        if state is h11.IDLE:
            self.idle[self] = None
            self._wait("head", HEAD)
        elif state is h11.SEND_BODY:
            self.idle[self] = None
            self._wait("body", BODY)
        else:
            self.idle.pop(self, None)
            self._wait("", 0)

    def _wait(self, what: str, seconds: float) -> None:
        if what == self._waits_for:
            return
        self._waits_for = what
        if self._deadline:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(seconds, self.drop) if what else None


class Server(uvicorn.Server):
    """uvicorn's server with a longer queue in the kernel than it accepts at once."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        await super().startup(sockets)
        for listener in sockets or []:
            listener.listen(QUEUE)


def limited(most: int) -> type[Impatient]:
    """The protocol of a server with so many connections."""
    return type("Limited", (Impatient,), {"most": most, "idle": OrderedDict()})
