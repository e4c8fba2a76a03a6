"""Which names may be given, and which are the programs' own. Every writer of a vendor or an account passes here."""

import re

from core import canary
from registry.accounts import Refusal

# User names at the broker and topic levels that mean a program, today or in the design: with one of them a vendor
# would be given a program's account, or its topics.
RESERVED = frozenset(
    {
        canary.VENDOR, "admin", "ingest", "engine", "api", "canary", "notify", "registrar", "doctor", "desk",
        "system", "shouwang",
    }
)  # fmt: skip
RUNNING = frozenset({canary.VENDOR, "admin", "ingest"})  # accounts at the broker, today
CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
USERNAME = re.compile(r"[\w.@-]{1,64}")
NAME_LENGTH = 64
CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # and what is no character at all


def vendor(code: str) -> str:
    """A code that a vendor may be given: it is its topic level and its user name at the broker."""
    if not CODE.fullmatch(code):
        raise Refusal("a vendor's code is 1 to 32 of a-z, 0-9 and -, and does not begin with -")
    if code in RESERVED:
        raise Refusal(f"{code} is reserved for Shouwang's own programs; give the vendor another code")
    return code


def code(code: str) -> str:
    """The code of a vendor that is there, reserved since or not; never the broker's accounts of programs that run."""
    if code in RUNNING:
        raise Refusal(f"{code} is reserved for Shouwang's own programs and stays as it is")
    return code


def new_username(username: str) -> str:
    """A user name that somebody may be given."""
    if not USERNAME.fullmatch(username):
        raise Refusal("a user name is 1 to 64 letters, digits and . _ @ -")
    if username in RESERVED:
        raise Refusal(f"{username} is reserved for Shouwang's own programs; choose another user name")
    return username


def username(username: str) -> str:
    """A user name whose account may be changed: anybody's but the self-check's."""
    if username == canary.VENDOR:
        raise Refusal(f"{username} is the self-check's own account and stays as it is")
    return username


def text(value: str, what: str) -> str:
    """A name or label as people read it: one line, not empty, of bounded length."""
    value = value.strip()
    if not value or len(value) > NAME_LENGTH or CONTROL.search(value):
        raise Refusal(f"{what} is 1 to {NAME_LENGTH} characters on one line")
    return value
