"""One request to an ASGI application without a server: pure, so it costs a millisecond."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def asked(
    app: Any, path: str = "/api/v1/alerts", method: str = "GET", *, body: Sequence[bytes] = (b"",),
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> tuple[int, dict[str, str], bytes]:  # fmt: skip
    """(status, headers, body) of the answer; `body` is sent in these pieces."""
    scope = {
        "type": "http", "method": method, "path": path, "headers": list(headers), "query_string": b"",
        "http_version": "1.1", "scheme": "http", "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
        "root_path": "",
    }  # fmt: skip
    sent: list[dict[str, Any]] = []
    left = list(body)

    async def receive() -> dict[str, Any]:
        if not left:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    with ThreadPoolExecutor(1) as thread:  # the browser of other tests keeps an event loop in this one
        thread.submit(asyncio.run, app(scope, receive, send)).result()
    told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], told, b"".join(message.get("body", b"") for message in sent[1:])
