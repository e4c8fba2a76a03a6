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

FAILURES = 5  # free attempts per user name and guesser: an address, or a browser that is known
NAMES = 30  # user names that a guesser may fail with; how often does not count, or colleagues would shut each other out
PAUSE = timedelta(seconds=30)  # after them, doubled with every further failure …
LONGEST = timedelta(minutes=15)  # … up to this; that long without another attempt, and everything is forgotten
REMEMBERED = 10_000  # names and addresses; the oldest are forgotten first

HASHER = PasswordHasher()  # RFC 9106, second recommended option: 64 MiB


@cache
def _nobody() -> str:
    return HASHER.hash(secrets.token_urlsafe())


def matches(encoded: str | None, password: str) -> bool:
    """Whether `password` is the one; an account that does not exist takes as long to deny."""
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
    """Failed logins per (user name, guesser), and names failed with per guesser, kept in this process's memory."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failed: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def attempt(self, username: str, guesser: str, now: datetime) -> timedelta | None:
        """Count an attempt, as failed until `succeeded` says otherwise; how long to wait if it is one too many."""
        own, all_names = (username, guesser), ("", guesser)
        with self._lock:
            waits = [entry.until - now for key in (own, all_names) if (entry := self._live(key, now))]
            if waits and max(waits) > timedelta():
                return max(waits)
            if own not in self._failed:
                self._count(all_names, NAMES, now)
            self._count(own, FAILURES, now)
            while len(self._failed) > REMEMBERED:
                self._failed.popitem(last=False)
        return None

    def succeeded(self, username: str, guesser: str) -> None:
        """The attempt was right: forget this name's failures, and the one that was counted in advance."""
        with self._lock:
            self._failed.pop((username, guesser), None)
            if entry := self._failed.get(("", guesser)):
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
