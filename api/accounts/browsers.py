"""Browsers that have logged in before, known again by a signed cookie: a "device cookie" in OWASP's words.

It opens nothing. It only says in which lane its bearer may try a password, and whose failures count against whom.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from anyio import to_thread
from psycopg_pool import ConnectionPool

from api.accounts import store as accounts

COOKIE = "shouwang_browser"
REMEMBERED = timedelta(days=180)  # since the last login
FORM = re.compile(r"([A-Za-z0-9_-]{16})\.(\d{1,10})\.(\d{1,12})\.([0-9a-f]{64})\.([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser, and the account that vouches for it: the last that logged in with it."""

    id: str
    account: int
    expires: datetime
    mark: str  # of that account's password, so that a new one forgets its browsers

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.id}.{self.account}.{self.expires.timestamp():.0f}.{self.mark}"


class Browsers:
    """Signs and reads the cookies. The key is the database's, read once."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._key = b""

    async def known(self, cookie: str | None, now: datetime) -> Browser | None:
        """The browser behind a cookie; None when there is none, it is over, or not ours."""
        if not self._key:
            self._key = await to_thread.run_sync(self._read_key)
        parts = FORM.fullmatch(cookie or "")
        if not parts:
            return None
        identity, account, expires, mark, signature = parts.groups()
        browser = Browser(identity, int(account), datetime.fromtimestamp(min(int(expires), 2**33), UTC), mark)
        genuine = hmac.compare_digest(signature, self._sign(browser.text))
        return browser if genuine and browser.expires > now else None

    def remember(self, before: Browser | None, account: int, encoded: str, now: datetime) -> Browser:
        """The browser after a login; it keeps its id, and with it what it has to answer for."""
        identity = before.id if before else secrets.token_urlsafe(12)
        return Browser(identity, account, now.replace(microsecond=0) + REMEMBERED, self._sign(encoded))

    def cookie(self, browser: Browser) -> str:
        """What the browser keeps."""
        return f"{browser.text}.{self._sign(browser.text)}"

    def vouched(self, browser: Browser, encoded: str | None) -> bool:
        """Whether the account's password is still the one it had; `encoded` is None for an account that is disabled."""
        return encoded is not None and hmac.compare_digest(browser.mark, self._sign(encoded))

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()

    def _read_key(self) -> bytes:
        with self._pool.connection() as conn:
            return accounts.browser_key(conn)
