"""Accounts and their sessions."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection, OperationalError
from psycopg.rows import class_row, dict_row

from core.roles import ROLES, Permission, Role, may

log = logging.getLogger(__name__)

TOUCH = timedelta(minutes=1)
LONGEST = timedelta(hours=24)  # NIST SP 800-63B-4, 2.2.3: a password again after a day at the latest, however busy
NOT_HELD = "no policy holds the API's login: give it one that is in shouwang_api and no more"
LIVES = (
    "s.expires_at > %(now)s"
    " AND (s.label IS NOT NULL OR %(idle)s::interval IS NULL OR s.seen_at > %(now)s - %(idle)s::interval)"
)


@dataclass(frozen=True, slots=True)
class Caller:
    """The account behind a request."""

    id: int
    username: str
    name: str
    role: str
    area: str | None
    area_name: str | None
    vendor_id: int | None
    vendor: str | None
    session_id: int
    program: bool  # a token made by hand, not a browser's session
    created_at: datetime
    seen_at: datetime
    expires_at: datetime

    @property
    def is_vendor(self) -> bool:
        """Sees its own devices and refused messages only."""
        return self.role == Role.VENDOR

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the account's role allows."""
        return ROLES[Role(self.role)].may

    def may(self, permission: Permission) -> bool:
        """Whether the account's role allows it."""
        return may(self.role, permission)


def enter_scope(conn: Connection, me: Caller) -> None:
    """Until the transaction ends, see what the account may see: the policies of migration 0016 ask for these.

    Raises psycopg.OperationalError where no policy holds the login, as a superuser's: it would see everything.
    """
    done = conn.execute(
        "SELECT row_security_active('home'), set_config('shouwang.account', %s, true),"
        " set_config('shouwang.area', %s, true), set_config('shouwang.vendor', %s, true)",
        (str(me.id), me.area or "", str(me.vendor_id or "")),
    ).fetchone()
    if done is None or not done[0]:
        log.critical(NOT_HELD)  # what is raised is told by its type alone
        raise OperationalError(NOT_HELD)


def session_account(conn: Connection, token_hash: bytes, now: datetime, idle: timedelta | None = None) -> Caller | None:
    """Whose session this is; None when it is none, is over, was not used for `idle`, or the account is disabled.

    A program's token has no idle time: it is meant to lie unused.
    """
    with conn.cursor(row_factory=class_row(Caller)) as cursor:
        return cursor.execute(
            f"SELECT a.id, a.username, a.name, a.role, a.area::text, area_name(a.area) AS area_name,"
            "  a.vendor_id, v.code AS vendor, s.id AS session_id, s.label IS NOT NULL AS program,"
            "  s.created_at, s.seen_at, s.expires_at"
            " FROM session s JOIN account a ON a.id = s.account_id LEFT JOIN vendor v ON v.id = a.vendor_id"
            f" WHERE s.token_hash = %(hash)s AND {LIVES} AND a.disabled_at IS NULL",
            {"hash": token_hash, "now": now, "idle": idle},
        ).fetchone()


def touch(conn: Connection, me: Caller, now: datetime) -> None:
    """The session is in use; written once a minute at most, however many ask at once or the clock is moved."""
    if abs(now - me.seen_at) >= TOUCH:
        conn.execute("UPDATE session SET seen_at = %s WHERE id = %s AND seen_at = %s", (now, me.session_id, me.seen_at))


def session_end(begun: datetime, now: datetime, shift: timedelta) -> datetime:
    """When a browser's session ends that is used now: a shift from now, and LONGEST after its login at the latest."""
    return min(now + shift, begun + LONGEST)


def renew(conn: Connection, me: Caller, now: datetime, shift: timedelta) -> Caller:
    """Use moves the end of a browser's session, so that no shift ends at the login page; written like `touch`."""
    end = me.expires_at if me.program else session_end(me.created_at, now, shift)
    if abs(end - me.expires_at) < TOUCH:
        touch(conn, me, now)
        return me
    conn.execute(
        "UPDATE session SET seen_at = %s, expires_at = %s WHERE id = %s AND expires_at = %s",
        (now, end, me.session_id, me.expires_at),
    )
    return replace(me, seen_at=now, expires_at=end)


def password_hash(conn: Connection, username: str) -> tuple[int, str] | None:
    """The account's id and encoded argon2 hash; None when there is no such account or it is disabled."""
    return conn.execute(
        "SELECT id, password_hash FROM account WHERE username = %s AND disabled_at IS NULL", (username,)
    ).fetchone()


def password_hash_of(conn: Connection, account_id: int) -> str | None:
    """The encoded hash of an account; None when there is none or it is disabled."""
    row = conn.execute(
        "SELECT password_hash FROM account WHERE id = %s AND disabled_at IS NULL", (account_id,)
    ).fetchone()
    return str(row[0]) if row else None


def browser_key(conn: Connection) -> bytes:
    """What signs the cookies of browsers that have logged in before."""
    row = conn.execute("SELECT key FROM browser_key").fetchone()
    assert row is not None
    return bytes(row[0])


def set_password_hash(conn: Connection, account_id: int, encoded: str) -> None:
    """Replace a hash that was made with weaker parameters."""
    conn.execute("UPDATE account SET password_hash = %s WHERE id = %s", (encoded, account_id))


def open_session(
    conn: Connection, account_id: int, token_hash: bytes, now: datetime, expires: datetime, agent: str, address: str
) -> None:
    """Begin a browser's session, and forget this account's sessions that are over."""
    conn.execute("DELETE FROM session WHERE account_id = %s AND expires_at <= %s", (account_id, now))
    conn.execute(
        "INSERT INTO session (token_hash, account_id, created_at, seen_at, expires_at, agent, address)"
        " VALUES (%s, %s, %s, %s, %s, left(%s, 200), left(%s, 100))",
        (token_hash, account_id, now, now, expires, agent, address),
    )


def forget_sessions(conn: Connection, now: datetime) -> int:
    """Delete sessions that are over, whosever they are; returns how many."""
    return conn.execute("DELETE FROM session WHERE expires_at < %s", (now,)).rowcount


def sessions(conn: Connection, me: Caller, now: datetime, idle: timedelta, limit: int) -> list[dict[str, Any]]:
    """The account's sessions that are not over, the last used first."""
    with conn.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT s.id, s.label, s.agent, s.address, s.created_at, s.seen_at, s.expires_at, s.id = %(own)s AS current"
            f" FROM session s WHERE s.account_id = %(account)s AND {LIVES}"
            " ORDER BY s.seen_at DESC, s.id LIMIT %(limit)s",
            {"own": me.session_id, "account": me.id, "now": now, "idle": idle, "limit": limit},
        ).fetchall()


def close_session(conn: Connection, me: Caller, session_id: int) -> bool:
    """End one of the account's own sessions; False when it has no such session."""
    done = conn.execute("DELETE FROM session WHERE id = %s AND account_id = %s", (session_id, me.id))
    return done.rowcount == 1


def close_other_sessions(conn: Connection, me: Caller) -> int:
    """End every other browser's session of the account; a program's token stays, it is ended by itself."""
    return conn.execute(
        "DELETE FROM session WHERE account_id = %s AND id <> %s AND label IS NULL", (me.id, me.session_id)
    ).rowcount
