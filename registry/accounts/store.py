"""SQL of accounts and tokens. Whoever is changed here is found by user name; the self-check's account never is."""

from datetime import datetime
from typing import NamedTuple

import psycopg
from psycopg.rows import class_row

from core import canary
from core.roles import Role
from registry.accounts import Refusal, names


class Account(NamedTuple):
    """One account, without its secrets."""

    username: str
    name: str
    role: str
    area: str | None
    vendor: str | None
    disabled_at: datetime | None
    sessions: int  # of browsers, not over
    tokens: int  # of programs, not over


class Token(NamedTuple):
    """A program's bearer token, known by its label."""

    username: str
    label: str
    created_at: datetime
    expires_at: datetime


ACCOUNT = """
    SELECT a.username, a.name, a.role, a.area::text, v.code AS vendor, a.disabled_at,
           (SELECT count(*) FROM session s WHERE s.account_id = a.id AND label IS NULL AND expires_at > %(now)s)
               AS sessions,
           (SELECT count(*) FROM session s WHERE s.account_id = a.id AND label IS NOT NULL AND expires_at > %(now)s)
               AS tokens
    FROM account a LEFT JOIN vendor v ON v.id = a.vendor_id
"""


def accounts(conn: psycopg.Connection, now: datetime) -> list[Account]:
    """Every account, by user name."""
    with conn.cursor(row_factory=class_row(Account)) as cursor:
        return cursor.execute(ACCOUNT + "ORDER BY a.username", {"now": now}).fetchall()


def without_area(conn: psycopg.Connection) -> list[str]:
    """User names whose area is none that is registered; an empty one sees every home."""
    rows = conn.execute(
        "SELECT username FROM account a WHERE area IS NOT NULL AND username <> %s AND disabled_at IS NULL"
        " AND NOT EXISTS (SELECT FROM area WHERE path = a.area) ORDER BY username",
        (canary.VENDOR,),
    )
    return [username for (username,) in rows]


def account(conn: psycopg.Connection, username: str, now: datetime) -> Account:
    """The account of that name, held until the transaction ends; raises Refusal when it may not be changed."""
    with conn.cursor(row_factory=class_row(Account)) as cursor:
        found = cursor.execute(
            ACCOUNT + "WHERE a.username = %(username)s FOR UPDATE OF a",
            {"now": now, "username": names.username(username)},
        ).fetchone()
    if found is None:
        raise Refusal(f"there is no account {username}; shouwang user list shows all")
    return found


def add_account(
    conn: psycopg.Connection,
    *,
    username: str,
    name: str,
    password_hash: str,
    role: str,
    area: str | None,
    vendor: str | None,
) -> None:
    """Add an account; one that is there already is left as it is."""
    added = conn.execute(
        "INSERT INTO account (username, name, password_hash, role, area, vendor_id) VALUES (%s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (username) DO NOTHING",
        (
            names.new_username(username),
            names.text(name, "a name"),
            password_hash,
            role,
            *_scope(conn, role, area, vendor),
        ),
    )
    if not added.rowcount:
        raise Refusal(
            f"{username} is there already, and stays as it is; a new password: shouwang user password {username};"
            f" another name, role or area: shouwang user change {username}"
        )


def change_account(
    conn: psycopg.Connection, username: str, *, name: str, role: str, area: str | None, vendor: str | None
) -> None:
    """Give an account another name, role and scope."""
    conn.execute(
        "UPDATE account SET name = %s, role = %s, area = %s, vendor_id = %s WHERE username = %s",
        (names.text(name, "a name"), role, *_scope(conn, role, area, vendor), names.username(username)),
    )


def _scope(conn: psycopg.Connection, role: str, area: str | None, vendor: str | None) -> tuple[str | None, int | None]:
    if role == Role.VENDOR:
        if vendor is None or area is not None:
            raise Refusal("a vendor's account needs --vendor, and no --area")
        return None, _vendor(conn, vendor)
    if area is None or vendor is not None:
        raise Refusal("every account but a vendor's needs --area, and no --vendor")
    if not conn.execute("SELECT 1 FROM area WHERE path::text = %s", (area,)).fetchone():
        raise Refusal(f"there is no area {area!r}; {_known_areas(conn)}")
    return area, None


def _known_areas(conn: psycopg.Connection) -> str:
    rows = conn.execute("SELECT path::text FROM area WHERE nlevel(path) <= 2 ORDER BY path LIMIT 20").fetchall()
    known = ", ".join(path for (path,) in rows)
    return f"there are {known} …" if known else "areas come with the homes: shouwang register FILE.csv"


def _vendor(conn: psycopg.Connection, code: str) -> int:
    query = "SELECT id FROM vendor WHERE code = %s AND removed_at IS NULL"
    row = conn.execute(query, (names.vendor(code),)).fetchone()
    if row is None:
        raise Refusal(f"there is no vendor {code}; shouwang vendor list shows all")
    return int(row[0])


def set_password(conn: psycopg.Connection, username: str, password_hash: str) -> None:
    """Give an account a new password and nothing else; its browsers are logged out, its programs' tokens stay."""
    conn.execute("UPDATE account SET password_hash = %s WHERE username = %s", (password_hash, names.username(username)))
    end_sessions(conn, username)


def set_disabled(conn: psycopg.Connection, username: str, at: datetime | None) -> None:
    """Shut an account out, its tokens too; or, without a time, let it in again."""
    conn.execute("UPDATE account SET disabled_at = %s WHERE username = %s", (at, names.username(username)))
    if at:
        end_sessions(conn, username, tokens=True)


def end_sessions(conn: psycopg.Connection, username: str, *, tokens: bool = False) -> None:
    """Log an account's browsers out; with `tokens` its programs too."""
    conn.execute(
        "DELETE FROM session s USING account a WHERE a.id = s.account_id AND a.username = %s"
        " AND (s.label IS NULL OR %s)",
        (names.username(username), tokens),
    )


def add_token(
    conn: psycopg.Connection, username: str, token_hash: bytes, label: str, now: datetime, expires: datetime
) -> None:
    """Give an account a program's bearer token under a label that none of its others has."""
    if account(conn, username, now).disabled_at:
        raise Refusal(f"{username} is disabled; first: shouwang user enable {username}")
    label = names.text(label, "a label")
    if any(token.label == label for token in tokens(conn, username, now)):
        raise Refusal(f"{username} has a token {label!r} already; take another label, or first revoke that one")
    conn.execute(
        "INSERT INTO session (token_hash, account_id, label, created_at, expires_at)"
        " SELECT %s, id, %s, %s, %s FROM account WHERE username = %s",
        (token_hash, label, now, expires, username),
    )


def tokens(conn: psycopg.Connection, username: str | None, now: datetime) -> list[Token]:
    """The tokens that work, of one account or of all."""
    with conn.cursor(row_factory=class_row(Token)) as cursor:
        return cursor.execute(
            "SELECT a.username, s.label, s.created_at, s.expires_at"
            " FROM session s JOIN account a ON a.id = s.account_id"
            " WHERE s.label IS NOT NULL AND s.expires_at > %(now)s"
            " AND (%(username)s::text IS NULL OR a.username = %(username)s)"
            " ORDER BY a.username, s.created_at, s.label",
            {"now": now, "username": username},
        ).fetchall()


def revoke_token(conn: psycopg.Connection, username: str, label: str) -> None:
    """End the token of that label."""
    ended = conn.execute(
        "DELETE FROM session s USING account a WHERE a.id = s.account_id AND a.username = %s AND s.label = %s",
        (names.username(username), label),
    )
    if not ended.rowcount:
        raise Refusal(f"{username} has no token {label!r}; shouwang token list shows all")
