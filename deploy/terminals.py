"""Accounts at the broker for single terminals and for a vendor's cloud: each bound to a client id of its own.

Made while the broker runs, in batches so small that nobody waits long behind one; or written into its file of accounts
while it is stopped. What was issued stands in a CSV file before the broker has it, so that no password is lost.
"""

import csv
import json
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from core import identity
from deploy import roles
from deploy.broker import BrokerAdmin, BrokerError, client

COLUMNS = ("vendor", "serial", "username", "client_id", "password")
BATCH = 100  # accounts at most in one go
BATCH_SECONDS = 0.2  # how long the broker may stand still for one; it does nothing else meanwhile
MOST_LIVE = 5000  # accounts at the broker: beyond it one more costs it a tenth of a second; see docs/decisions/0008


class TooManyError(BrokerError):
    """So many accounts can't be made while the broker runs."""


@dataclass(frozen=True, slots=True)
class BrokerLogin:
    """What a terminal logs in with; without a serial, a connection of the vendor's cloud."""

    vendor: str
    serial: str
    username: str
    client_id: str
    password: str

    @property
    def role(self) -> str:
        """The role of its account."""
        return roles.of(self.username)

    @property
    def acls(self) -> list[roles.Acl]:
        """What its role grants."""
        return roles.terminal(self.vendor, self.serial) if self.serial else roles.vendor(self.vendor)


def for_terminal(vendor: str, serial: str) -> BrokerLogin:
    """A terminal's new login; neither a vendor's code nor a serial has a slash in it."""
    return _login(vendor, serial, f"{vendor}/{serial}")


def for_cloud(vendor: str, name: str) -> BrokerLogin:
    """A new login for one connection of a vendor's cloud; two slashes keep it apart from a terminal's."""
    return _login(vendor, "", f"{vendor}/cloud/{name}")


def _login(vendor: str, serial: str, username: str) -> BrokerLogin:
    return BrokerLogin(vendor, serial, username, identity.random_id(username), secrets.token_urlsafe(24))


def append(path: Path, logins: Iterable[BrokerLogin]) -> None:
    """Add to a file of credentials that only its owner can read, and see to it that it is on the disk."""
    new = not path.exists()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        rows = csv.writer(file, lineterminator="\n")
        if new:
            rows.writerow(COLUMNS)
        rows.writerows([getattr(login, name) for name in COLUMNS] for login in logins)
        file.flush()
        os.fsync(file.fileno())


def make(broker: BrokerAdmin, wanted: Sequence[BrokerLogin], credentials: Path) -> int:
    """Make the accounts that the broker lacks; how many those were. Raises TooManyError before it makes any.

    What stands in `credentials` twice was not made the first time: the last row of a name counts.
    """
    there = {account["username"] for account in broker.accounts()}
    missing = [login for login in wanted if login.username not in there]
    if missing and len(there) + len(missing) > MOST_LIVE:
        raise TooManyError(
            f"{len(there)} accounts and {len(missing)} more are too many to make while the broker runs"
            f" ({MOST_LIVE}): stop it and give its file of accounts instead (--broker-file)"
        )
    for batch in _issued(missing, credentials, _pace(broker)):
        for answer in broker.commands([command for login in batch for command in _commands(login)]):
            if "error" in answer and "already exists" not in answer["error"]:
                raise BrokerError(f"{answer['command']}: {answer['error']}")
    return len(missing)


def write(accounts: Path, wanted: Sequence[BrokerLogin], credentials: Path) -> int:
    """The same in the broker's own file of accounts; it must be stopped, for it writes the file anew at a change."""
    document: dict[str, Any] = json.loads(accounts.read_text(encoding="utf-8"))
    there = {found["username"] for found in document["clients"]}
    granted = {found["rolename"] for found in document["roles"]}
    missing = [login for login in wanted if login.username not in there]
    for batch in _issued(missing, credentials, iter(lambda: len(missing), None)):
        for login in batch:
            document["clients"].append(
                client(login.username, login.password, login.role) | {"clientid": login.client_id}
            )
            if login.role not in granted:
                granted.add(login.role)
                document["roles"].append({"rolename": login.role, "acls": login.acls})
    _replace(accounts, json.dumps(document, indent=1))
    return len(missing)


def _replace(path: Path, text: str) -> None:
    """Write a file anew, whole or not at all, for the same owner."""
    old = path.stat()
    making = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        os.fsync(file.fileno())
    os.chown(making, old.st_uid, old.st_gid)
    making.replace(path)


def _issued(missing: Iterable[BrokerLogin], credentials: Path, sizes: Iterator[int]) -> Iterator[list[BrokerLogin]]:
    """Batches of logins that stand in the file of credentials."""
    left = iter(missing)
    for size in sizes:
        batch = list(islice(left, size))
        if not batch:
            return
        append(credentials, batch)
        yield batch


def _pace(broker: BrokerAdmin) -> Iterator[int]:
    """How many accounts to make in one go; between two the broker has as long for everybody else."""
    size = 1
    while True:
        begin = time.monotonic()
        yield size
        took = time.monotonic() - begin
        size = max(1, min(BATCH, int(size * BATCH_SECONDS / max(took, 0.001))))
        time.sleep(min(took, 5 * BATCH_SECONDS))


def _commands(login: BrokerLogin) -> list[dict[str, Any]]:
    return [
        {"command": "createRole", "rolename": login.role, "acls": login.acls},
        {
            "command": "createClient", "username": login.username, "password": login.password,
            "clientid": login.client_id, "roles": [{"rolename": login.role}],
        },
    ]  # fmt: skip
