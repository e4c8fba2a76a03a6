"""Accounts and logging in."""

from typing import Annotated

from pydantic import Field

from api.values import NO_NUL, Answer, Identified, Instant, Request
from core.roles import Permission, Role


class Login(Request):
    """A user name and its password."""

    username: Annotated[str, Field(min_length=1, max_length=100, pattern=NO_NUL)]
    password: Annotated[str, Field(min_length=1, max_length=1000)]


class Account(Identified):
    """Who is asking."""

    username: str
    name: str
    role: Role
    permissions: list[Permission] = Field(description="what the role may do; the console shows no more than that")
    area: str | None = Field(description="ltree path: sees this area and below; none for a vendor")
    area_name: str | None = Field(description="full name, from the district down")
    vendor: str | None = Field(description="a vendor account's vendor code")
    session_ends_at: Instant = Field(description="when the session ends, unless it is used until then")
    now: Instant = Field(description="the server's time: a desk's own clock may be wrong")
    zone: str = Field(description="the homes' time zone, an IANA name")


class LoggedIn(Answer):
    """The account that has logged in; the session is in the cookie."""

    account: Account


class Session(Answer):
    """One place where the account is logged in."""

    id: int
    label: str | None = Field(description="names a program's token; null for a browser")
    agent: str = Field(description="the browser, in its own words")
    address: str = Field(description="from where it was begun")
    created_at: Instant
    seen_at: Instant = Field(description="last used, to the minute; an open live connection is use")
    expires_at: Instant
    current: bool = Field(description="the one that asks")


class SessionList(Answer):
    """The last used first, 100 at most."""

    items: list[Session]


class Ended(Answer):
    """How many sessions were ended."""

    ended: int


class Actor(Answer):
    """A person who did something."""

    id: int
    name: str
