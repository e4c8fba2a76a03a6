"""Log in, log out, who am I."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from api import passwords
from api.access import COOKIE, AnyCaller, Now, Pool, Shared, token_of
from api.errors import ApiError, documented
from api.models.accounts import Account, LoggedIn, Login
from api.store import accounts
from api.store.accounts import Caller
from api.values import V1

router = APIRouter(prefix=V1, tags=["account"])
public = APIRouter(prefix=V1, tags=["account"])


def _account(me: Caller) -> Account:
    return Account.model_validate(me, from_attributes=True)


@public.post("/login", responses=documented(401, 429))
def login(body: Login, request: Request, response: Response, pool: Pool, now: Now, shared: Shared) -> LoggedIn:
    """Begin a session of one duty shift; its token is set as a cookie that scripts can't read.

    After 5 failures for a user name from one address, 429 with Retry-After: 30 s, doubled each time, 15 min at most.
    """
    address = request.client.host if request.client else ""
    wait = shared.throttle.attempt(body.username, address, now)
    if wait:
        seconds = int(wait.total_seconds()) + 1
        headers = {"Retry-After": str(seconds)}
        message = f"登录失败次数过多，请 {seconds} 秒后再试 (too many failures)"
        raise ApiError(429, "too_many_failures", message, headers=headers, retry_after=seconds)
    with pool.connection() as conn:
        found = accounts.password_hash(conn, body.username)
    if not passwords.matches(found[1] if found else None, body.password) or found is None:
        raise ApiError(401, "bad_credentials", "用户名或密码不正确 (wrong user name or password)")
    shared.throttle.succeeded(body.username, address)
    token, digest = passwords.new_token()
    expires = now + timedelta(hours=shared.settings.session_hours)
    with pool.connection() as conn:
        if stronger := passwords.stronger(found[1], body.password):
            accounts.set_password_hash(conn, found[0], stronger)
        accounts.open_session(conn, found[0], digest, now, expires)
        me = accounts.session_account(conn, digest, now)
    if me is None:
        raise ApiError(401, "bad_credentials", "账号已停用 (the account was disabled)")
    response.set_cookie(
        COOKIE, token, expires=expires, path="/", httponly=True, samesite="strict",
        secure=shared.settings.cookie_secure,
    )  # fmt: skip
    return LoggedIn(account=_account(me))


@router.get("/me", responses=documented(401))
def me(me: AnyCaller) -> Account:
    """The account that asks."""
    return _account(me)


@router.post("/logout", status_code=204, responses=documented(401, 403))
def logout(me: AnyCaller, request: Request, response: Response, pool: Pool) -> None:
    """End this session; a program's token is revoked likewise."""
    with pool.connection() as conn:
        accounts.close_session(conn, passwords.token_hash(token_of(request) or ""))
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
