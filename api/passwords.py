"""Checking passwords: argon2id, equally slow for unknown users, and slower still for those who guess."""

import hashlib
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

FAILURES = 5  # free attempts per user name and address
ADDRESS_FAILURES = 30  # free attempts per address, over all user names
PAUSE = timedelta(seconds=30)  # after them, doubled with every further failure …
LONGEST = timedelta(minutes=15)  # … up to this; that long without another attempt, and everything is forgotten
REMEMBERED = 10_000  # names and addresses; the oldest are forgotten first

HASHER = PasswordHasher()  # RFC 9106, second recommended option: 64 MiB
_turn = threading.BoundedSemaphore(2)  # a flood of logins must not take the machine's memory


@cache
def _nobody() -> str:
    return HASHER.hash(secrets.token_urlsafe())


def matches(encoded: str | None, password: str) -> bool:
    """Whether `password` is the one; an account that does not exist takes as long to deny."""
    with _turn:
        try:
            return HASHER.verify(encoded or _nobody(), password) and encoded is not None
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            return False


def stronger(encoded: str, password: str) -> str | None:
    """A new hash where the old one was made with weaker parameters than today's."""
    return HASHER.hash(password) if HASHER.check_needs_rehash(encoded) else None


def new_token() -> tuple[str, bytes]:
    """A session token of 256 random bits, and what the database may know of it."""
    token = secrets.token_urlsafe(32)
    return token, token_hash(token)


def token_hash(token: str) -> bytes:
    """SHA-256 of a token: it is random, so a fast hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


@dataclass(slots=True)
class _Failures:
    count: int
    until: datetime
    forget: datetime


class Throttle:
    """Failed logins per (user name, address) and per address, kept in this process's memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def attempt(self, username: str, address: str, now: datetime) -> timedelta | None:
        """Count an attempt, as failed until `succeeded` says otherwise; how long to wait if it is one too many."""
        keys = {(username, address): FAILURES, ("", address): ADDRESS_FAILURES}
        with self._lock:
            waits = [entry.until - now for key in keys if (entry := self._live(key, now)) and entry.until > now]
            if waits:
                return max(waits)
            for key, free in keys.items():
                self._count(key, free, now)
            while len(self._failed) > REMEMBERED:
                self._failed.popitem(last=False)
        return None

    def succeeded(self, username: str, address: str) -> None:
        """The attempt was right: forget this name's failures, and the one that was counted in advance."""
        with self._lock:
            self._failed.pop((username, address), None)
            if entry := self._failed.get(("", address)):
                entry.count -= 1

    def _live(self, key: tuple[str, str], now: datetime) -> _Failures | None:
        entry = self._failed.get(key)
        if entry and entry.forget <= now:
            del self._failed[key]
            return None
        return entry

    def _count(self, key: tuple[str, str], free: int, now: datetime) -> None:
        entry = self._failed.setdefault(key, _Failures(0, now, now))
        entry.count += 1
        over = entry.count - free
        entry.until = now + min(PAUSE * 2 ** min(over, 10), LONGEST) if over >= 0 else now
        entry.forget = entry.until + LONGEST
        self._failed.move_to_end(key)
