"""What simulated terminals log in with: an account of their own where they have one, else their vendor's shared one."""

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from core.identity import client_id


class Credentials(NamedTuple):
    """One connection's credentials."""

    username: str
    password: str
    client_id: str


@dataclass(frozen=True)
class Logins:
    """The credentials of a fleet."""

    shared: dict[str, str]  # vendor: password
    own: dict[tuple[str, str], Credentials] = field(default_factory=dict)  # by vendor and serial

    def of(self, vendor: str, name: str, serial: str = "") -> Credentials:
        """For the connection of that name; with a serial, its own account's if it has one."""
        if own := self.own.get((vendor, serial)):
            return own
        password = self.shared[vendor]
        return Credentials(vendor, password, client_id(name, vendor, password))


def read(passwords: Path, credentials: Path | None = None) -> Logins:
    """From a JSON file {vendor: password}, and a CSV file as `shouwang register --credentials` writes it."""
    shared: dict[str, str] = json.loads(passwords.read_text(encoding="utf-8"))
    if credentials is None:
        return Logins(shared)
    with credentials.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    own = {
        (row["vendor"], row["serial"]): Credentials(row["username"], row["password"], row["client_id"]) for row in rows
    }
    return Logins(shared, own)
