"""Accounts and their sessions."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import class_row

from core.model import Role

AREA_NAME = "(SELECT string_agg(up.name, ' / ' ORDER BY nlevel(up.path)) FROM area up WHERE up.path @> {path})"


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

    @property
    def is_vendor(self) -> bool:
        """Sees its own devices and refused messages only."""
        return self.role == Role.VENDOR

    @property
    def scope(self) -> str:
        """The area of an operator or administrator. A vendor has none, and asking is a bug."""
        if self.area is None:
            raise PermissionError("a vendor has no area")
        return self.area


def session_account(conn: Connection, token_hash: bytes, now: datetime) -> Caller | None:
    """Whose session this is; None when it is none, is over, or the account is disabled."""
    with conn.cursor(row_factory=class_row(Caller)) as cursor:
        return cursor.execute(
            f"SELECT a.id, a.username, a.name, a.role, a.area::text, {AREA_NAME.format(path='a.area')} AS area_name,"
            "  a.vendor_id, v.code AS vendor"
            " FROM session s JOIN account a ON a.id = s.account_id LEFT JOIN vendor v ON v.id = a.vendor_id"
            " WHERE s.token_hash = %s AND s.expires_at > %s AND a.disabled_at IS NULL",
            (token_hash, now),
        ).fetchone()


def password_hash(conn: Connection, username: str) -> tuple[int, str] | None:
    """The account's id and encoded argon2 hash; None when there is no such account or it is disabled."""
    return conn.execute(
        "SELECT id, password_hash FROM account WHERE username = %s AND disabled_at IS NULL", (username,)
    ).fetchone()


def set_password_hash(conn: Connection, account_id: int, encoded: str) -> None:
    """Replace a hash that was made with weaker parameters."""
    conn.execute("UPDATE account SET password_hash = %s WHERE id = %s", (encoded, account_id))


def open_session(conn: Connection, account_id: int, token_hash: bytes, now: datetime, expires: datetime) -> None:
    """Begin a browser's session, and forget this account's sessions that are over."""
    conn.execute("DELETE FROM session WHERE account_id = %s AND expires_at <= %s", (account_id, now))
    conn.execute(
        "INSERT INTO session (token_hash, account_id, created_at, expires_at) VALUES (%s, %s, %s, %s)",
        (token_hash, account_id, now, expires),
    )


def close_session(conn: Connection, token_hash: bytes) -> None:
    """End a session."""
    conn.execute("DELETE FROM session WHERE token_hash = %s", (token_hash,))
