"""Who is asking, and what they may ask: dependencies of every endpoint."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import APIKeyCookie, HTTPBearer
from psycopg import Connection
from psycopg_pool import ConnectionPool

from api.accounts import store as accounts
from api.accounts.passwords import token_hash
from api.accounts.store import Caller
from api.errors import ApiError
from api.state import State

COOKIE = "shouwang_session"
SAFE = {"GET", "HEAD", "OPTIONS"}
_bearer = HTTPBearer(auto_error=False, description="a program's token, made with `shouwang token add`")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="a browser's session, from POST /api/v1/login")


async def state(request: Request) -> State:
    """What the application shares."""
    return cast(State, request.app.state.shouwang)


async def pool(request: Request) -> ConnectionPool:
    """The database. Endpoints borrow a connection for as long as they use it, never across a wait."""
    return cast(State, request.app.state.shouwang).pool


async def clock() -> datetime:
    """The time of this request, read once."""
    return datetime.now(UTC)


Shared = Annotated[State, Depends(state)]
Pool = Annotated[ConnectionPool, Depends(pool)]
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
def _known(request: Request, shared: State, now: datetime) -> Iterator[tuple[Connection, Caller]]:
    """Whoever asks, and the connection they were looked up by; who shows no token costs the database nothing."""
    token = token_of(request)
    if not token:
        raise _stranger()
    with shared.pool.connection() as conn:
        found = accounts.session_account(conn, token_hash(token), now, shared.settings.session_idle)
        if found is None:
            raise _stranger()
        _refuse_forgery(request)
        yield conn, found


def caller(request: Request, shared: Shared, now: Now) -> Caller:
    """Whoever asks, and their session renewed by it; 401 when nobody known does."""
    with _known(request, shared, now) as (conn, me):
        return accounts.renew(conn, me, now, shared.settings.shift)


def operator(me: Annotated[Caller, Depends(caller)]) -> Caller:
    """An operator or administrator; 403 for a vendor."""
    if me.is_vendor:
        raise ApiError(403, "forbidden", "此账号无权查看 (this account may not see this)")
    return me


def listener(request: Request, shared: Shared, now: Now) -> Caller:
    """An operator who only listens. Browsers come back to a stream by themselves, so that renews no session."""
    with _known(request, shared, now) as (conn, me):
        accounts.touch(conn, me, now)
    return operator(me)


AnyCaller = Annotated[Caller, Depends(caller)]
Operator = Annotated[Caller, Depends(operator)]
Listener = Annotated[Caller, Depends(listener)]

# The two ways in, for the OpenAPI document; `caller` itself reads them.
SECURITY: list[Callable[..., object]] = [_bearer, _cookie]
