"""What each kind of account may do at the broker, as roles of Mosquitto's dynamic security. Plain data.

Whatever is not granted here is denied, reading too: a session that somebody took over gives its messages to nobody who
may not read them.
"""

import re
from typing import Any

from core import canary

Acl = dict[str, Any]
DEFAULT = {"publishClientSend": False, "publishClientReceive": False, "subscribe": False, "unsubscribe": True}
CONTROL = "$CONTROL/dynamic-security/#"
INGEST_TOPICS = ("sw/v1/#", "$share/+/sw/v1/#")  # plainly, and shared among the workers of any group


def ours() -> dict[str, list[Acl]]:
    """The roles of our own accounts; each is named as the account that has it."""
    return {
        "admin": [
            *(_allow(kind, CONTROL) for kind in ("publishClientSend", "publishClientReceive", "subscribePattern")),
            *(_allow(kind, "$SYS/#") for kind in ("publishClientReceive", "subscribePattern")),
        ],
        "ingest": [
            *(_allow("subscribePattern", topic) for topic in INGEST_TOPICS),
            _allow("publishClientReceive", "sw/v1/#"),
            _allow("publishClientSend", "sw/v1/#"),  # only so can it sweep what vendors let the broker keep
        ],
        canary.VENDOR: [
            _allow("publishClientSend", f"sw/v1/{canary.VENDOR}/{canary.SERIAL}/event"),
            *(
                _allow(kind, topic)
                for topic in (canary.BROKER_ERRORS, canary.WAITING, canary.DROPPED)
                for kind in ("publishClientReceive", "subscribeLiteral")
            ),
        ],
    }


def vendor(code: str) -> list[Acl]:
    """A vendor's account, or a connection of its cloud: publishes for all of its terminals."""
    return [_allow("publishClientSend", f"sw/v1/{code}/#")]


def terminal(code: str, serial: str) -> list[Acl]:
    """One terminal: publishes for itself, and hears its own commands."""
    own = f"sw/v1/{code}/{serial}"
    return [
        _allow("publishClientSend", f"{own}/#"),
        *(_allow(kind, f"{own}/command") for kind in ("publishClientReceive", "subscribeLiteral")),
    ]


def of(username: str) -> str:
    """The role of a vendor's account: a terminal (`code/serial`) has its own, all others (`code`, `code~2`,
    `code/cloud/name`) have their vendor's.
    """
    return username if username.count("/") == 1 else f"vendor-{re.split('[~/]', username)[0]}"


def same(one: list[Acl], other: list[Acl]) -> bool:
    """Whether two roles grant the same, in whatever order."""

    def entries(acls: list[Acl]) -> set[tuple[str, str, bool]]:
        return {(acl["acltype"], acl["topic"], acl["allow"]) for acl in acls}

    return entries(one) == entries(other)


def _allow(kind: str, topic: str) -> Acl:
    return {"acltype": kind, "topic": topic, "priority": 0, "allow": True}
