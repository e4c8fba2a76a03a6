"""What wraps every request: metrics, security headers, and the last resort for unexpected errors."""

import re
import time
from collections.abc import MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.encodings import chosen
from api.errors import unexpected
from api.health.metrics import Meter
from api.values import CELL, V1

# ECharts and Vue set inline styles; nothing runs that this server has not served as a file.
POLICY = "; ".join(
    (
        "default-src 'self'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data: blob:",
        "media-src 'self' data: blob:", "font-src 'self' data:", "connect-src 'self'", "object-src 'none'",
        "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
    )
)  # fmt: skip
HEADERS = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}
PAGE = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
# Data and files are no pages: opened as one, they may do nothing. Short, since a first visit asks for thirty of them.
REST = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}

ONE_YEAR = 365 * 86_400  # seconds that a browser comes back by HTTPS only, where there is HTTPS
SMALLEST = 1024  # bytes from which an answer is packed
LEVEL = 6  # of gzip: 200 alerts of 231 kB become 13 kB in 2 ms; 9 takes three times as long for a hundredth
LIVE = f"{V1}/events"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
MAX_BODY = 64 * 1024  # bytes; the longest is a home with all its people
MAX_PHOTO = 8 << 20  # read only once it is known who sends it
PHOTO = re.compile(rf"{V1}/homes/\d{{1,10}}/photo")


class AbortedError(Exception):
    """An answer broke off after it had begun; the log has the reason under its id."""


class Wrap:
    """Measures every answer, gives it cell and security headers, turns what nobody caught into a 500 with an id."""

    def __init__(self, app: ASGIApp, meter: Meter, *, https: bool = False, cell: str | None = None) -> None:
        self.app = app
        self.meter = meter
        self.cell = cell
        self.headers = HEADERS | ({"Strict-Transport-Security": f"max-age={ONE_YEAR}"} if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self.cell is not None:
            CELL.set(self.cell)
        begun = time.perf_counter()
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self.meter.answered(_method(scope), _route(scope), status, time.perf_counter() - begun)
                self._complete(scope, MutableHeaders(scope=message))
            await send(message)

        try:
            await self.app(scope, _bounded(receive, scope), answer)
        except Exception as error:
            response = unexpected(error)
            if status:
                raise AbortedError from None
            await response(scope, receive, answer)

    def _complete(self, scope: MutableMapping[str, Any], headers: MutableHeaders) -> None:
        html = headers.get("content-type", "").startswith("text/html")
        data = scope["path"].startswith(("/api/", "/assets/"))
        page = html or not data  # a page's 304 has no type, and the browser takes its policy
        for name, value in (self.headers | (PAGE if page else REST)).items():
            headers.setdefault(name, value)
        if scope["path"].startswith("/api/"):
            headers.setdefault("Cache-Control", "no-store")  # people's data stays out of every cache


class Compressed:
    """Answers of the API with gzip, where the client takes it; the console's files have their forms from the build.

    Never the live stream: a frame that waits for others to be packed with is an alert that waits.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.gzip = app, GZipMiddleware(app, SMALLEST, LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        packs = scope["type"] == "http" and scope["path"].startswith(f"{V1}/") and scope["path"] != LIVE
        takes = packs and chosen(Headers(scope=scope), ["gzip"])
        await (self.gzip if takes else self.app)(scope, receive, send)


def _bounded(receive: Receive, scope: Scope) -> Receive:
    """Receives a body up to its limit; more of it is answered with 413."""
    received = 0
    most = MAX_PHOTO if scope["method"] == "PUT" and PHOTO.fullmatch(scope["path"]) else MAX_BODY

    async def bounded() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > most:
            raise HTTPException(413, f"a body may have {most} bytes")
        return message

    return bounded


def _method(scope: Scope) -> str:
    """The method, if it is one: a client may send any word."""
    return scope["method"] if scope["method"] in METHODS else "other"


def _route(scope: MutableMapping[str, Any]) -> str:
    """The route's template: a path would make a time series of every id."""
    return getattr(scope.get("route"), "path", "other")
