"""Log in, log out, who am I."""

from dataclasses import asdict
from datetime import datetime
from functools import partial

from fastapi import APIRouter, Request, Response

from api.access import COOKIE, AnyDb, Now, Shared
from api.accounts import store as accounts
from api.accounts.browsers import COOKIE as BROWSER
from api.accounts.login import Attempt
from api.accounts.models import Account, LoggedIn, Login
from api.accounts.store import Caller
from api.errors import documented
from api.state import AppState
from api.values import V1
from core.roles import ROLES, Role

router = APIRouter(prefix=V1, tags=["account"])
public = APIRouter(prefix=V1, tags=["account"])


def _account(me: Caller, now: datetime, shared: AppState) -> Account:
    session = {
        "permissions": sorted(ROLES[Role(me.role)].may),
        "session_ends_at": me.expires_at,
        "now": now,
        "zone": shared.settings.timezone,
    }
    return Account.model_validate(asdict(me) | session)


@public.post("/login", responses=documented(401, 429))
async def login(body: Login, request: Request, response: Response, now: Now, shared: Shared) -> LoggedIn:
    """Begin a session of one duty shift, renewed by use for a day at most; its token is a cookie scripts can't read.

    After 5 failures for a user name from one address, 429 with Retry-After: 30 s, doubled each time, 15 min at most.
    503 with Retry-After while too many log in. A browser that has logged in before is spared by what strangers do:
    a second cookie knows it.
    """
    address = request.client.host[:100] if request.client else ""  # a proxy's word for it, maybe
    known = await shared.door.browsers.known(request.cookies.get(BROWSER), now)
    agent = request.headers.get("user-agent", "")
    opened = await shared.door.enter(Attempt(body.username, body.password, address, agent, known), now)
    cookie = partial(response.set_cookie, httponly=True, samesite="strict", secure=shared.settings.cookie_secure)
    cookie(COOKIE, opened.token, expires=now + accounts.LONGEST, path="/")  # when it ends is the server's to say
    cookie(BROWSER, shared.door.browsers.cookie(opened.browser), expires=opened.browser.expires, path=f"{V1}/login")
    return LoggedIn(account=_account(opened.me, now, shared))


@router.get("/me", responses=documented(401))
def me(db: AnyDb, now: Now, shared: Shared) -> Account:
    """The account that asks, how long its session lasts, and the time and zone that the console shows times in."""
    return _account(db.me, now, shared)


@router.post("/logout", status_code=204, responses=documented(401, 403))
def logout(db: AnyDb, response: Response) -> None:
    """End this session; a program's token is revoked likewise."""
    with db.begin() as conn:
        accounts.close_session(conn, db.me, db.me.session_id)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
