"""Who may do what at the broker: Mosquitto's dynamic security, first file and later changes."""

import base64
import hashlib
import json
import secrets
import ssl
import threading
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

CONTROL = "$CONTROL/dynamic-security/v1"
ITERATIONS = 1000  # PBKDF2-SHA512; the passwords are random 256-bit tokens, so stretching adds little
INGEST_TOPICS = ("sw/v1/#", "$share/+/sw/v1/#")  # plainly, and shared among the workers of any group


class BrokerError(RuntimeError):
    """The broker refused a change to its accounts, or did not answer."""


def first_file(admin_password: str, ingest_password: str, vendors: dict[str, str]) -> str:
    """The dynamic-security document a new broker starts from: an administrator, the ingest worker, the vendors.

    `vendors` maps a vendor's code, which is its user name, to its password.
    """
    clients = [
        _client("admin", admin_password, "admin"),
        _client("ingest", ingest_password, "ingest"),
        *(_client(code, password, f"vendor-{code}") for code, password in vendors.items()),
    ]
    admin_acls = [
        {"acltype": kind, "topic": "$CONTROL/dynamic-security/#", "priority": 0, "allow": True}
        for kind in ("publishClientSend", "publishClientReceive", "subscribePattern")
    ] + [{"acltype": "subscribePattern", "topic": "$SYS/#", "priority": 0, "allow": True}]
    ingest_acls = [
        {"acltype": "subscribePattern", "topic": topic, "priority": 0, "allow": True} for topic in INGEST_TOPICS
    ]
    return json.dumps(
        {
            "defaultACLAccess": {
                "publishClientSend": False, "publishClientReceive": True, "subscribe": False, "unsubscribe": True,
            },
            "clients": clients,
            "roles": [
                {"rolename": "admin", "acls": admin_acls},
                {"rolename": "ingest", "acls": ingest_acls},
                *({"rolename": f"vendor-{code}", "acls": _vendor_acls(code)} for code in vendors),
            ],
        },
        indent=1,
    )  # fmt: skip


def _client(name: str, password: str, role: str) -> dict[str, Any]:
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return {
        "username": name,
        "password": base64.b64encode(digest).decode(),
        "salt": base64.b64encode(salt).decode(),
        "iterations": ITERATIONS,
        "roles": [{"rolename": role, "priority": 0}],
    }


def _vendor_acls(code: str) -> list[dict[str, Any]]:
    return [{"acltype": "publishClientSend", "topic": f"sw/v1/{code}/#", "priority": 0, "allow": True}]


class BrokerAdmin:
    """Changes accounts of a running broker; use as a context manager."""

    def __init__(self, host: str, port: int, password: str, context: ssl.SSLContext | None = None) -> None:
        self._answer: dict[str, Any] = {}
        self._event = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.username_pw_set("admin", password)
        if context:
            self._client.tls_set_context(context)
        self._client.on_subscribe = lambda *_: self._event.set()
        self._client.on_message = self._on_message
        self._where = (host, port)

    def __enter__(self) -> "BrokerAdmin":
        self._client.on_connect = self._on_connect
        self._client.connect(*self._where)
        self._client.loop_start()
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def ensure_vendor(self, code: str, password: str) -> None:
        """Give a vendor its account, or its new password, and the right to publish below its own prefix only."""
        role = f"vendor-{code}"
        self._command("createRole", may_exist=True, rolename=role, acls=_vendor_acls(code))
        self._command("createClient", may_exist=True, username=code, password=password, roles=[{"rolename": role}])
        self._command("setClientPassword", username=code, password=password)

    def _command(self, command: str, *, may_exist: bool = False, **arguments: Any) -> None:
        self._event.clear()
        self._client.publish(CONTROL, json.dumps({"commands": [{"command": command, **arguments}]}), qos=1)
        self._wait()
        error = self._answer["responses"][0].get("error")
        if error and not (may_exist and ("already" in error or "exists" in error)):
            raise BrokerError(f"{command}: {error}")

    def _on_connect(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe(f"{CONTROL}/response", qos=1)

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        self._answer = json.loads(message.payload)
        self._event.set()

    def _wait(self) -> None:
        if not self._event.wait(10):
            raise BrokerError("the broker at {}:{} gave no answer as admin in 10 s".format(*self._where))
