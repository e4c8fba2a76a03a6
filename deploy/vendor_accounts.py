"""A vendor's accounts at a running broker: made, cut off, let in again, deleted.

A new account has the vendor's role: what is published with it is taken as from the vendor's first.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from core.mqtt import context
from core.settings import Settings
from deploy import roles
from deploy.broker import BrokerAdmin, BrokerError


@contextmanager
def administrator(settings: Settings, password_file: Path) -> Iterator[BrokerAdmin]:
    """The broker, as its administrator; raises BrokerError when it can't be had."""
    where = f"{settings.mqtt_host}:{settings.mqtt_port}"
    with ExitStack() as stack:
        try:
            password = password_file.read_text(encoding="utf-8").strip()
            admin = BrokerAdmin(settings.mqtt_host, settings.mqtt_port, password, context(settings))
            broker = stack.enter_context(admin)
        except OSError as error:
            what = error.filename or f"the broker at {where}"
            raise BrokerError(f"{what}: {error.strerror or error}; nothing was changed") from None
        except BrokerError as error:
            raise BrokerError(f"{error}; does {password_file} hold its administrator's password?") from None
        yield broker


def exists(broker: BrokerAdmin, username: str) -> bool:
    """Whether the broker has that account."""
    return _unless_gone(broker, "getClient", username=username)


def add(broker: BrokerAdmin, code: str, username: str, password: str) -> None:
    """Make one more account of a vendor that has one; left over by a command that failed, it gets this password."""
    if not _unless_gone(broker, "getRole", rolename=f"vendor-{code}"):
        raise BrokerError(f"{code} has no account at the broker yet; first: shouwang vendor add {code} --name …")
    role = {"rolename": roles.of(username)}
    broker.command("createClient", may_exist=True, username=username, password=password, roles=[role])
    broker.command("setClientPassword", username=username, password=password)
    broker.command("enableClient", username=username)


def of(broker: BrokerAdmin, code: str) -> Iterator[str]:
    """Every account of a vendor that the broker has: its own, and those of single terminals (code/…)."""
    yield from (name["username"] for name in broker.accounts() if re.split("[~/]", name["username"])[0] == code)


def cut_off(broker: BrokerAdmin, usernames: Iterable[str]) -> None:
    """Disable accounts; the broker ends their connections at once.

    Their role is taken too: a login by client certificate Mosquitto lets in though the account is disabled.
    """
    for username in usernames:
        _unless_gone(broker, "removeClientRole", username=username, rolename=roles.of(username))
        _unless_gone(broker, "disableClient", username=username)


def let_in(broker: BrokerAdmin, usernames: Iterable[str]) -> None:
    """Enable accounts that were cut off."""
    for username in usernames:
        found = broker.command("getClient", username=username)["data"]["client"]
        if roles.of(username) not in (role["rolename"] for role in found.get("roles", ())):
            broker.command("addClientRole", username=username, rolename=roles.of(username))
        broker.command("enableClient", username=username)


def delete(broker: BrokerAdmin, code: str) -> None:
    """Delete a vendor's accounts, and the roles that they alone had."""
    usernames = list(of(broker, code))
    for username in usernames:
        _unless_gone(broker, "deleteClient", username=username)
    for role in (f"vendor-{code}", *usernames):
        _unless_gone(broker, "deleteRole", rolename=role)


def _unless_gone(broker: BrokerAdmin, command: str, **arguments: Any) -> bool:
    """Whether what the command speaks of was there."""
    try:
        broker.command(command, **arguments)
    except BrokerError as error:
        if "not found" in str(error).lower():
            return False
        raise
    return True
