"""SQL of vendors and of their accounts at the broker. The broker is told by whoever calls, in the same transaction."""

from datetime import datetime
from typing import NamedTuple

import psycopg
from psycopg.rows import class_row

from core import canary
from registry.accounts import Refusal, names

ACCOUNTS_MAXIMUM = 5  # of one vendor that still work: the one in use, and those whose end has not come


class Vendor(NamedTuple):
    """One vendor."""

    id: int
    code: str
    name: str
    format: str
    disabled_at: datetime | None
    removed_at: datetime | None
    devices: int  # in service


class BrokerAccount(NamedTuple):
    """One of a vendor's accounts at the broker."""

    username: str
    vendor: str
    until: datetime | None
    disabled_at: datetime | None


VENDOR = """
    SELECT v.id, v.code, v.name, v.format, v.disabled_at, v.removed_at,
           (SELECT count(*) FROM device d WHERE d.vendor_id = v.id AND d.retired_at IS NULL) AS devices
    FROM vendor v
"""


def vendors(conn: psycopg.Connection) -> list[Vendor]:
    """Every vendor but the self-check, by code."""
    with conn.cursor(row_factory=class_row(Vendor)) as cursor:
        return cursor.execute(VENDOR + "WHERE v.code <> %s ORDER BY v.code", (canary.VENDOR,)).fetchall()


def vendor(conn: psycopg.Connection, code: str) -> Vendor:
    """The vendor of that code, held until the transaction ends; raises Refusal when there is none."""
    with conn.cursor(row_factory=class_row(Vendor)) as cursor:
        query = VENDOR + "WHERE v.code = %s AND v.removed_at IS NULL FOR UPDATE OF v"
        found = cursor.execute(query, (names.code(code),)).fetchone()
    if found is None:
        raise Refusal(f"there is no vendor {code}; shouwang vendor list shows all")
    return found


def accounts(conn: psycopg.Connection, code: str | None = None) -> list[BrokerAccount]:
    """The accounts at the broker of one vendor, or of all, in the order they were made."""
    with conn.cursor(row_factory=class_row(BrokerAccount)) as cursor:
        return cursor.execute(
            "SELECT a.username, v.code AS vendor, a.until, a.disabled_at FROM vendor_account a"
            " JOIN vendor v ON v.id = a.vendor_id WHERE %(code)s::text IS NULL OR v.code = %(code)s"
            " ORDER BY v.code, length(a.username), a.username",
            {"code": code},
        ).fetchall()


def set_disabled(conn: psycopg.Connection, code: str, at: datetime | None) -> None:
    """Mark a vendor cut off; or, without a time, let in again."""
    conn.execute("UPDATE vendor SET disabled_at = %s WHERE id = %s", (at, vendor(conn, code).id))


def rotate(conn: psycopg.Connection, code: str, until: datetime, now: datetime) -> str:
    """Note one more account for a vendor, and `until` when the earlier ones still work; gives its user name."""
    found = vendor(conn, code)
    if found.disabled_at:
        raise Refusal(f"{code} is disabled; first: shouwang vendor enable {code}")
    earlier = accounts(conn, code)
    if sum(account.disabled_at is None for account in earlier) >= ACCOUNTS_MAXIMUM:
        raise Refusal(f"{code} has {ACCOUNTS_MAXIMUM} accounts that work; wait for the first to end")
    conn.execute(
        "UPDATE vendor_account SET until = least(until, %s) WHERE vendor_id = %s AND disabled_at IS NULL",
        (until, found.id),
    )
    # No code and no serial has a ~: this is nobody's code, and no user name made of a code and a serial.
    number = max((int(account.username.partition("~")[2] or 1) for account in earlier), default=1) + 1
    username = f"{code}~{number}"
    conn.execute(
        "INSERT INTO vendor_account (username, vendor_id, made_at) VALUES (%s, %s, %s)", (username, found.id, now)
    )
    return username


def extend(conn: psycopg.Connection, username: str, until: datetime) -> None:
    """Let an account at the broker that has an end, or has had it, work until then."""
    code = username.partition("~")[0]
    if vendor(conn, code).disabled_at:
        raise Refusal(f"{code} is disabled; first: shouwang vendor enable {code}")
    extended = conn.execute(
        "UPDATE vendor_account SET until = %s, disabled_at = NULL WHERE username = %s AND until IS NOT NULL",
        (until, username),
    )
    if not extended.rowcount:
        raise Refusal(f"no account {username} has an end; shouwang vendor list shows all")


def expire(conn: psycopg.Connection, now: datetime) -> list[BrokerAccount]:
    """Mark the accounts ended whose time is over; gives them."""
    over = overdue(conn, now)
    conn.execute(
        "UPDATE vendor_account SET disabled_at = %s WHERE username = ANY(%s)",
        (now, [account.username for account in over]),
    )
    return over


def overdue(conn: psycopg.Connection, now: datetime) -> list[BrokerAccount]:
    """The accounts whose time is over and that nobody has ended."""
    working = [account for account in accounts(conn) if account.disabled_at is None]
    return [account for account in working if account.until and account.until <= now]


def remove(conn: psycopg.Connection, code: str, now: datetime) -> None:
    """Take a vendor out that has no device in service.

    Its devices' history stays, and so does its name. Its people can no longer log in.
    """
    found = vendor(conn, code)
    if found.devices:
        raise Refusal(f"{found.devices} devices of {code} are in service; first: shouwang device retire {code} SERIAL")
    conn.execute("UPDATE vendor SET removed_at = %s, disabled_at = NULL WHERE id = %s", (now, found.id))
    conn.execute("UPDATE account SET disabled_at = %s WHERE vendor_id = %s AND disabled_at IS NULL", (now, found.id))
    conn.execute("DELETE FROM session USING account a WHERE a.id = account_id AND a.vendor_id = %s", (found.id,))
    conn.execute("DELETE FROM vendor_account WHERE vendor_id = %s", (found.id,))
