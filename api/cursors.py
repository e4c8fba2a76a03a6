"""Cursors: where the next page of a list begins, opaque to the client."""

import base64
from datetime import datetime
from typing import Any

import orjson

from api.errors import invalid
from api.values import EARLIEST, LATEST


def encode(*key: int | str | datetime) -> str:
    """The cursor of the page that follows the item with this sort key."""
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def decode(cursor: str, *kinds: type) -> list[Any]:
    """The sort key in a cursor; 422 when it is not one of ours."""
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return [_part(part, kind) for part, kind in zip(parts, kinds, strict=True)]
    except (ValueError, TypeError) as error:
        raise invalid("query.cursor", "the cursor is not one that this list gave", "bad_cursor") from error


def _part(part: Any, kind: type) -> Any:
    if kind is datetime:
        part = datetime.fromisoformat(part)
    if type(part) is not kind or not _in_bounds(part):
        raise ValueError("not a key of ours")
    return part


def _in_bounds(part: Any) -> bool:
    if isinstance(part, datetime):
        return EARLIEST <= part < LATEST
    return "\0" not in part if isinstance(part, str) else 0 <= part < 2**63
