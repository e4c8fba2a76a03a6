"""The doctor's look at who may what: whose right is over or ends soon, who sees too much, who is cut off."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg

from deploy.doctor import Finding, Level
from registry.accounts.store import without_area
from registry.vendors import store as vendors

SOON = timedelta(days=7)
GRACE = timedelta(days=1)  # `vendor expire` runs once a day


def examine(conn: psycopg.Connection, now: datetime) -> Iterator[Finding]:
    """Accounts of vendors at the broker, then those of people."""
    try:
        yield from _vendors(conn, now)
        for username in without_area(conn):
            mend = f"shouwang user change {username} --area PATH"
            yield Finding(Level.ODD, f"account {username}: its area is not one that is registered", mend)
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable):
        return  # said by the checks of the registry and the schema


def _vendors(conn: psycopg.Connection, now: datetime) -> Iterator[Finding]:
    for vendor in vendors.vendors(conn):
        if vendor.disabled_at and vendor.devices:
            what = (
                f"vendor {vendor.code}: is cut off, with {vendor.devices} devices in service: no SOS of theirs arrives"
            )
            yield Finding(Level.BAD, what, f"shouwang vendor enable {vendor.code}, or retire its devices")
    for account in vendors.accounts(conn):
        what, until = f"vendor account {account.username}", account.until
        if until is None or account.disabled_at:
            continue
        if until + GRACE <= now:
            mend = "shouwang vendor expire, daily: see deploy/systemd/shouwang-expire.timer"
            yield Finding(Level.ODD, f"{what}: its day is over and it still works", mend)
        elif now < until < now + SOON:
            mend = f"ask {account.vendor} whether all are moved, else: shouwang vendor extend {account.username}"
            yield Finding(Level.ODD, f"{what}: ends within a week; terminals that still use it fall silent", mend)
