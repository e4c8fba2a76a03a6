"""Who is asking, what they may ask, and a transaction that sees no more: dependencies of every endpoint."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from psycopg import Connection
from psycopg_pool import ConnectionPool

from api.accounts import store as accounts
from api.accounts.passwords import token_hash
from api.accounts.store import Caller
from api.errors import ApiError
from api.state import AppState
from core.roles import Permission

COOKIE = "shouwang_session"
SAFE = {"GET", "HEAD", "OPTIONS"}
_bearer = HTTPBearer(auto_error=False, description="a program's token, made with `shouwang token add`")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="a browser's session, from POST /api/v1/login")


async def state(request: Request) -> AppState:
    """What the application shares."""
    return cast(AppState, request.app.state.shouwang)


async def clock() -> datetime:
    """The time of this request, read once."""
    return datetime.now(UTC)


Shared = Annotated[AppState, Depends(state)]
Now = Annotated[datetime, Depends(clock)]


def _bearer_of(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def token_of(request: Request) -> str | None:
    """The request's token: a bearer's if there is one, else the cookie's."""
    bearer = _bearer_of(request)
    return request.cookies.get(COOKIE) if bearer is None else bearer


def _refuse_forgery(request: Request) -> None:
    """A cookie travels by itself, so a change made with it must also carry a header that another site can't set."""
    if request.method in SAFE or _bearer_of(request) is not None:
        return
    if request.headers.get("x-shouwang") != "1":
        raise ApiError(
            403, "csrf", "请求缺少 X-Shouwang: 1 (a change made with the session cookie needs the header X-Shouwang: 1)"
        )


def _stranger() -> ApiError:
    headers = {"WWW-Authenticate": 'Bearer realm="shouwang"'}
    return ApiError(401, "unauthenticated", "请先登录 (log in first)", headers=headers)


@contextmanager
def _known(request: Request, shared: AppState, now: datetime) -> Iterator[tuple[Connection, Caller]]:
    """Whoever asks, and the connection they were looked up by; who shows no token costs the database nothing."""
    token = token_of(request)
    if not token:
        raise _stranger()
    with shared.logins.connection() as conn:
        found = accounts.session_account(conn, token_hash(token), now, shared.settings.session_idle)
        if found is None:
            raise _stranger()
        _refuse_forgery(request)
        yield conn, found


def caller(request: Request, shared: Shared, now: Now) -> Caller:
    """Whoever asks, and their session renewed by it; 401 when nobody known does."""
    with _known(request, shared, now) as (conn, me):
        return accounts.renew(conn, me, now, shared.settings.shift)


@dataclass(frozen=True, slots=True)
class Db:
    """A request's way to the database: for whom it asks, and transactions that see what they may see."""

    me: Caller
    pool: ConnectionPool

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction within the caller's scope, which ends with it; whatever is raised rolls it back.

        An endpoint does all its work in one, in its own thread, and answers after the commit: a client that is slow or
        gone holds no connection.
        """
        with self.pool.connection() as conn:
            accounts.enter_scope(conn, self.me)
            yield conn


@dataclass(frozen=True, slots=True)
class May:
    """The dependency of an endpoint: whoever is logged in and has the permissions gets a `Db`; 401 and 403 the others.

    Without any it is for every account, about itself or about nobody.
    """

    permissions: tuple[Permission, ...]

    def __call__(self, me: Annotated[Caller, Depends(caller)], shared: Shared) -> Db:
        """Let the caller in."""
        return self.let(me, shared)

    def let(self, me: Caller, shared: AppState) -> Db:
        """The caller's way to the database; raises ApiError 403."""
        if not all(map(me.may, self.permissions)):
            raise ApiError(403, "forbidden", "此账号无权执行此操作 (this account may not do this)")
        return Db(me, shared.pool)


@dataclass(frozen=True, slots=True)
class MayListen:
    """The same for a stream. Browsers come back to one by themselves, so that renews no session."""

    may: May

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """What it asks for."""
        return self.may.permissions

    def __call__(self, request: Request, shared: Shared, now: Now) -> Db:
        """Let the caller in."""
        with _known(request, shared, now) as (conn, me):
            accounts.touch(conn, me, now)
        return self.may.let(me, shared)


def may(*permissions: Permission) -> Any:
    """What an endpoint declares: `db: Annotated[Db, may(Permission.ALERTS_READ)]`."""
    return Depends(May(permissions))


AnyDb = Annotated[Db, may()]

# The two ways in, for the OpenAPI document; `caller` itself reads them.
SECURITY: list[Callable[..., object]] = [_bearer, _cookie]
