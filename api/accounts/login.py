"""Logging in: strangers in one lane, browsers that have logged in before in another that strangers cannot fill.

A password check takes 64 MiB and a tenth of a second, by intent. So one runs at a time in each lane, few may wait for
it, and none of it happens in the threads that answer everything else.
"""

import asyncio
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from psycopg_pool import ConnectionPool

from api.accounts import passwords
from api.accounts import store as accounts
from api.accounts.browsers import Browser, Browsers
from api.accounts.store import Caller
from api.errors import ApiError

WAITING = 20  # attempts of a lane, with the one that runs: about two seconds' work
SHARE = 5  # of them of one address, or of browsers that one account vouches for
HELD = 500  # refused attempts made to wait for PAUSE: who asks again at once then asks once a second
PAUSE = 1.0  # seconds


class BusyError(Exception):
    """The lane is full."""


class RevokedError(Exception):
    """The account that vouched for this browser has a new password since, or is disabled."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to log in."""

    username: str
    password: str = field(repr=False)
    address: str
    agent: str
    browser: Browser | None  # None: a stranger's


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that has begun, and the browser it is known by next time."""

    me: Caller
    token: str = field(repr=False)
    browser: Browser


class CheckQueue:
    """One password check at a time, and a bounded queue for it. Its places are counted on the event loop."""

    def __init__(self, name: str, nice: int = 0) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=name, initializer=_stand_back, initargs=(nice,))
        self._inside: Counter[str] = Counter()

    @contextmanager
    def place(self, who: str) -> Iterator[None]:
        """A place in the queue, of which nobody may have more than a share; raises BusyError."""
        if self._inside.total() >= WAITING or self._inside[who] >= SHARE:
            raise BusyError
        self._inside[who] += 1
        try:
            yield
        finally:
            self._inside[who] -= 1
            self._inside = +self._inside  # forgets who has no more inside

    async def run(self, check: Callable[[], Opened]) -> Opened:
        """Run it when its turn comes."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, check)

    def close(self) -> None:
        """Take nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _stand_back(nice: int) -> None:
    """Let the processor's other users go first; argon2's own threads inherit it."""
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)


DOOR = "shouwang_door"  # the database role that lets in: passwords and sessions, nothing of homes


class FrontDoor:
    """Both lanes, and the memory of who guessed wrong."""

    def __init__(self, pool: ConnectionPool, shift: timedelta) -> None:
        self.browsers = Browsers(pool)
        self._pool, self._shift = pool, shift
        self._throttle = passwords.Throttle()
        self._strangers, self._known = CheckQueue("login of strangers", nice=10), CheckQueue("login")
        self._held = 0

    def close(self) -> None:
        """Take nothing more."""
        self._strangers.close()
        self._known.close()

    async def enter(self, attempt: Attempt, now: datetime) -> Opened:
        """Begin a session; raises ApiError 401, 429 or 503."""
        try:
            if attempt.browser:
                return await self._by_browser(attempt, attempt.browser, now)
            return await self._by_address(attempt, now)
        except BusyError:
            await self._hold()
            message = "登录人数过多，请稍候再试 (too many are logging in)"
            raise ApiError(503, "busy", message, headers={"Retry-After": "2"}) from None

    async def _by_browser(self, attempt: Attempt, browser: Browser, now: datetime) -> Opened:
        try:
            return await self._through(self._known, attempt, str(browser.account), browser.id, now)
        except RevokedError:
            return await self._by_address(replace(attempt, browser=None), now)

    async def _by_address(self, attempt: Attempt, now: datetime) -> Opened:
        return await self._through(self._strangers, attempt, attempt.address, attempt.address, now)

    async def _through(self, lane: CheckQueue, attempt: Attempt, who: str, guesser: str, now: datetime) -> Opened:
        with lane.place(who):
            wait = self._throttle.attempt(attempt.username, guesser, now)
            opened = None if wait else await lane.run(partial(self._check, attempt, now))
        if wait:
            await self._hold()
            seconds = int(wait.total_seconds()) + 1
            message = f"登录失败次数过多，请 {seconds} 秒后再试 (too many failures)"
            headers = {"Retry-After": str(seconds)}
            raise ApiError(429, "too_many_failures", message, headers=headers, retry_after=seconds)
        assert opened is not None
        self._throttle.succeeded(attempt.username, guesser)
        return opened

    async def _hold(self) -> None:
        if self._held < HELD:
            self._held += 1
            try:
                await asyncio.sleep(PAUSE)
            finally:
                self._held -= 1

    def _check(self, attempt: Attempt, now: datetime) -> Opened:
        """In the lane's thread."""
        with self._pool.connection() as conn:
            if attempt.browser:
                vouching = accounts.password_hash_of(conn, attempt.browser.account)
                if not self.browsers.vouched(attempt.browser, vouching):
                    raise RevokedError
            found = accounts.password_hash(conn, attempt.username)
        if not passwords.matches(found[1] if found else None, attempt.password) or found is None:
            raise ApiError(401, "bad_credentials", "用户名或密码不正确 (wrong user name or password)")
        return self._open(attempt, *found, now)

    def _open(self, attempt: Attempt, account: int, encoded: str, now: datetime) -> Opened:
        token, digest = passwords.new_token()
        expires = accounts.session_end(now, now, self._shift)
        with self._pool.connection() as conn:
            if stronger := passwords.stronger(encoded, attempt.password):
                accounts.set_password_hash(conn, account, stronger)
            accounts.open_session(conn, account, digest, now, expires, attempt.agent, attempt.address)
            me = accounts.session_account(conn, digest, now)
        if me is None:
            raise ApiError(401, "bad_credentials", "账号已停用 (the account was disabled)")
        browser = self.browsers.remember(attempt.browser, account, stronger or encoded, now)
        return Opened(me, token, browser)
