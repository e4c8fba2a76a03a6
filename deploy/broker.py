"""Who may do what at the broker: Mosquitto's dynamic security, first file and later changes."""

import base64
import hashlib
import json
import secrets
import ssl
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from core import canary, identity
from deploy import roles

CONTROL = "$CONTROL/dynamic-security/v1"
ITERATIONS = 1000  # PBKDF2-SHA512; the passwords are random 256-bit tokens, so stretching adds little
PAGE = 500  # accounts in one answer
SHARED = "shared: its client ids can be guessed"

Command = dict[str, Any]
Answer = dict[str, Any]


class BrokerError(RuntimeError):
    """The broker refused a change to its accounts, or did not answer."""


def first_file(admin_password: str, ingest_password: str, vendors: dict[str, str]) -> str:
    """The dynamic-security document a new broker starts from: an administrator, the ingest worker, the vendors.

    `vendors` maps a vendor's code, which is its user name, to its password; the self-check's is among them.
    """
    mine = roles.ours()
    clients = [client("admin", admin_password, "admin"), client("ingest", ingest_password, "ingest")]
    for code, password in vendors.items():
        if code == canary.VENDOR:
            clients.append(client(code, password, code))
        else:
            clients.append(client(code, password, f"vendor-{code}") | {"textdescription": SHARED})
    granted = mine | {f"vendor-{code}": roles.vendor(code) for code in vendors if code != canary.VENDOR}
    return json.dumps(
        {
            "defaultACLAccess": roles.DEFAULT,
            "clients": clients,
            "roles": [{"rolename": name, "acls": acls} for name, acls in granted.items()],
        },
        indent=1,
    )


def client(name: str, password: str, role: str) -> dict[str, Any]:
    """An account as it stands in the dynamic-security document."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return {
        "username": name,
        "password": base64.b64encode(digest).decode(),
        "salt": base64.b64encode(salt).decode(),
        "iterations": ITERATIONS,
        "roles": [{"rolename": role, "priority": 0}],
    }


class BrokerAdmin:
    """Changes accounts of a running broker; use as a context manager."""

    def __init__(self, host: str, port: int, password: str, context: ssl.SSLContext | None = None) -> None:
        self._answers: list[Answer] = []
        self._listening, self._answered = threading.Event(), threading.Event()
        name = identity.random_id("shouwang-admin")
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, name, protocol=mqtt.MQTTv5)
        self._client.username_pw_set("admin", password)
        if context:
            self._client.tls_set_context(context)
        self._client.on_subscribe = lambda *_: self._listening.set()
        self._client.on_message = self._on_message
        self._where = (host, port)
        self._asked = ""

    def __enter__(self) -> "BrokerAdmin":
        self._client.on_connect = self._on_connect
        self._client.connect(*self._where)
        self._client.loop_start()
        try:
            self._wait(self._listening)
        except BrokerError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def bring_up_to_date(self) -> list[str]:
        """Give our own accounts the rights this version wants, and deny the rest; returns what was changed.

        The rights to read come before the denial, and nobody but the self-check is disconnected.
        """
        changed = [f"role {name}" for name, acls in roles.ours().items() if self._grant(name, acls)]
        changed += self._promote_self_check()
        access = {acl["acltype"]: acl["allow"] for acl in self.command("getDefaultACLAccess")["data"]["acls"]}
        if access != roles.DEFAULT:
            wanted = [{"acltype": kind, "allow": allow} for kind, allow in roles.DEFAULT.items()]
            self.command("setDefaultACLAccess", acls=wanted)
            changed.append("default access")
        return changed

    def _promote_self_check(self) -> list[str]:
        """Up to 0.1 it had a vendor's role."""
        old = f"vendor-{canary.VENDOR}"
        [found] = self.commands([{"command": "getClient", "username": canary.VENDOR}])
        if not any(role["rolename"] == old for role in found.get("data", {}).get("client", {}).get("roles", [])):
            return []
        self.command("modifyClient", username=canary.VENDOR, roles=[{"rolename": canary.VENDOR}])
        self.command("deleteRole", rolename=old)
        return [f"account {canary.VENDOR}"]

    def _grant(self, role: str, acls: list[roles.Acl]) -> bool:
        """Make the role grant just that; False when it does."""
        [found] = self.commands([{"command": "getRole", "rolename": role}])
        if "data" in found and roles.same(found["data"]["role"].get("acls", []), acls):
            return False
        self.command("modifyRole" if "data" in found else "createRole", rolename=role, acls=acls)
        return True

    def reads_are_denied(self) -> bool:
        """Whether an account that is granted nothing may read nothing."""
        access = self.command("getDefaultACLAccess")["data"]["acls"]
        return {"acltype": "publishClientReceive", "allow": False} in access

    def ensure_vendor(self, code: str, password: str) -> None:
        """Give a vendor its shared account, or its new password; it may publish below its own prefix only."""
        role = f"vendor-{code}"
        self.command("createRole", may_exist=True, rolename=role, acls=roles.vendor(code))
        self.command(
            "createClient", may_exist=True, username=code, password=password, roles=[{"rolename": role}],
            textdescription=SHARED,
        )  # fmt: skip
        self.command("setClientPassword", username=code, password=password)

    def remove(self, username: str) -> None:
        """Take an account away, and the role that it alone had."""
        self.command("deleteClient", username=username)
        self.commands([{"command": "deleteRole", "rolename": username}])

    def accounts(self) -> Iterator[dict[str, Any]]:
        """Every account: `username`, `clientid` where it is bound to one, `roles`."""
        offset, total = 0, 1
        while offset < total:
            page = self.command("listClients", verbose=True, count=PAGE, offset=offset)["data"]
            yield from page["clients"]
            offset, total = offset + PAGE, page["totalCount"]

    def command(self, command: str, *, may_exist: bool = False, **arguments: Any) -> Answer:
        """Have one command done; raises BrokerError with the broker's reason."""
        [answer] = self.commands([{"command": command, **arguments}])
        error = answer.get("error")
        if error and not (may_exist and ("already" in error or "exists" in error)):
            raise BrokerError(f"{command}: {error}")
        return answer

    def commands(self, commands: Sequence[Command]) -> list[Answer]:
        """Have several commands done in one go, the broker's answer to each; it does nothing else meanwhile."""
        self._answered.clear()
        self._asked = secrets.token_hex(8)  # another administrator may be at work
        asked = [{**command, "correlationData": self._asked} for command in commands]
        self._client.publish(CONTROL, json.dumps({"commands": asked}), qos=1)
        self._wait(self._answered)
        return self._answers

    def _on_connect(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe(f"{CONTROL}/response", qos=1)

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        answers = json.loads(message.payload)["responses"]
        if answers and answers[0].get("correlationData") == self._asked:
            self._answers = answers
            self._answered.set()

    def _wait(self, event: threading.Event) -> None:
        if not event.wait(10):
            raise BrokerError("the broker at {}:{} gave no answer as admin in 10 s".format(*self._where))
