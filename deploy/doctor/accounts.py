"""The doctor's look at the broker's accounts: what may be read, and whose client id can be guessed."""

from collections.abc import Iterator
from itertools import islice

from core.identity import has_secret
from core.mqtt import context
from core.settings import Settings
from deploy import roles
from deploy.broker import BrokerAdmin, BrokerError
from deploy.doctor import Finding, Level

NAMED = 10  # accounts in one finding


def accounts(settings: Settings, password: str) -> Iterator[Finding]:
    """Every finding about the broker's accounts; `password` is its administrator's."""
    try:
        with BrokerAdmin(settings.mqtt_host, settings.mqtt_port, password, context(settings)) as broker:
            yield from _rights(broker)
            yield from _guessable(broker)
    except (BrokerError, OSError) as error:
        mend = "check the administrator's password, and the broker's log"
        yield Finding(Level.ODD, f"accounts: not looked at: {error}", mend)


def _rights(broker: BrokerAdmin) -> Iterator[Finding]:
    if broker.reads_are_denied():
        yield Finding(Level.GOOD, "accounts: nobody reads what was not granted")
    else:
        yield Finding(Level.BAD, "accounts: whoever takes over a session may read it", "shouwang broker update")


def _guessable(broker: BrokerAdmin) -> Iterator[Finding]:
    shared, plain, bound = [], [], 0
    for account in broker.accounts():
        if "clientid" not in account:
            shared += [account["username"]] if account["username"] not in roles.ours() else []
        elif not has_secret(account["clientid"]):
            plain.append(account["username"])
        else:
            bound += 1
    yield Finding(Level.GOOD, f"accounts: {bound} have a client id of their own that nobody can guess")
    for names, what in ((shared, "shared, with any client id"), (plain, "bound to a client id that can be guessed")):
        if names:
            more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
            mend = "give each of their connections its own: shouwang register --credentials, shouwang broker cloud"
            yield Finding(Level.ODD, f"accounts: {what}: {', '.join(islice(sorted(names), NAMED))}{more}", mend)
