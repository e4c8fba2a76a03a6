"""A TCP proxy between our programs and what they depend on, to cut, stall and divert connections."""

import contextlib
import selectors
import socket
import threading
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """Listens on a port of its own and passes everything on to `target`, as long as it is told to."""

    target: int
    address: str = "127.0.0.1"
    port: int = 0
    accepted: int = 0
    cut_after: int | None = None  # bytes through one connection, either way, before it is reset
    stalled: bool = False  # connections are accepted, and nothing passes: as half-open as it gets
    refusing: bool = False
    _pairs: dict[socket.socket, socket.socket] = field(default_factory=dict)
    _passed: dict[socket.socket, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._listener = socket.create_server((self.address, 0))
        self.port = self._listener.getsockname()[1]
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def cut(self) -> None:
        """Reset every connection that stands now."""
        for one in list(self._pairs):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join()
        for one in (*self._pairs, self._listener):
            one.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            for key, _ in self._selector.select(0.02):
                one = key.fileobj
                assert isinstance(one, socket.socket)
                if one is self._listener:
                    self._accept()
                elif one in self._pairs and not self.stalled:
                    self._pass_on(one)
            if self.stalled:
                self._stop.wait(0.02)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        self.accepted += 1
        try:
            if self.refusing:
                raise ConnectionRefusedError
            server = socket.create_connection(("127.0.0.1", self.target), timeout=2)
        except OSError:
            client.close()
            return
        for one, other in ((client, server), (server, client)):
            one.settimeout(5)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._pairs[one] = other
            self._passed[one] = 0
            self._selector.register(one, selectors.EVENT_READ)

    def _pass_on(self, one: socket.socket) -> None:
        other = self._pairs[one]
        try:
            data = one.recv(65536)
            self._passed[one] += len(data)
            if self.cut_after is not None and self._passed[one] > self.cut_after:
                other.sendall(data[: max(len(data) // 2, 1)])  # in the middle of whatever it is
                data = b""
            other.sendall(data)
        except OSError:
            data = b""
        if not data:
            for end in (one, other):
                self._selector.unregister(end)
                del self._pairs[end], self._passed[end]
                end.close()
