"""The doctor's checks, each a few findings. A check that can't be made says so; it never stops the others."""

import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import psycopg
from paho.mqtt.enums import CallbackAPIVersion

from core import identity
from core.database import connect, describe
from core.failures import in_one_line
from core.mqtt import context
from core.settings import Settings
from deploy.doctor import Finding, bad, encryption, good, odd, rights, store
from deploy.doctor.accounts import accounts
from registry import snapshot_store

CLOCK_SECONDS = 2.0  # programs and database on machines whose clocks differ more disagree about what is late
STOPPED_SECONDS = 15.0  # programs beat every 2 s
DISK_SHARE = 0.1  # of a disk that should be free
ROUND_TRIP_SECONDS = 1.0  # the second promise
WAIT = 5.0  # seconds for the broker
REFUSALS = ("Not authorized", "Bad user name or password")  # the broker's words
INGEST_DOCTOR = "docker compose run --rm ingest doctor, or shouwang-as ingest doctor, too"


def examine(settings: Settings, disk: Path, admin_password: str = "") -> Iterator[Finding]:
    """Everything, in the order in which it should be mended; the broker's accounts only as its administrator."""
    yield from _settings(settings)
    url = settings.database_url.get_secret_value()
    try:
        with connect(url, "doctor", autocommit=True) as conn:
            yield good(f"database: {describe(url)} answers")
            yield from _database(conn, datetime.now(UTC))
            yield from encryption.database(conn, datetime.now(UTC))
            yield from _registry(conn)
            yield from rights.examine(conn, datetime.now(UTC))
            yield from _programs(conn, settings)
    except psycopg.Error as error:
        what, _, mend = (in_one_line(error, url) or "").partition("; ")
        yield bad(what, mend)
    yield from _broker(settings)
    yield from encryption.broker(settings, datetime.now(UTC))
    if admin_password:
        yield from accounts(settings, admin_password)
    else:
        yield odd("accounts: not looked at", "--admin-password-file: lists those whose client ids can be guessed")
    yield from _disk(disk)


def _settings(settings: Settings) -> Iterator[Finding]:
    yield good(f"settings: read, time zone {settings.timezone}")
    if not settings.cookie_secure:
        yield odd("settings: session cookies travel without HTTPS", "unset SHOUWANG_COOKIE_SECURE behind HTTPS")


def _database(conn: psycopg.Connection, now: datetime) -> Iterator[Finding]:
    found = store.describe(conn)
    if found.timescale is None:
        yield bad(f"database: PostgreSQL {found.server} without TimescaleDB", "CREATE EXTENSION timescaledb")
        return
    edition = {"timescale": "Community", "apache": "Apache"}.get(found.edition or "", found.edition)
    size = found.database_bytes / 1e9
    yield good(f"database: PostgreSQL {found.server}, TimescaleDB {found.timescale} {edition}, {size:.1f} GB")
    apart = abs((found.now - now).total_seconds())
    if apart > CLOCK_SECONDS:
        yield bad(f"clock: this machine and the database are {apart:.0f} s apart", "set both by NTP (chrony)")
    else:
        yield good(f"clock: the same as the database's, within {apart:.2f} s")
    yield from _schema(conn)


def _schema(conn: psycopg.Connection) -> Iterator[Finding]:
    ours = {path.name.removesuffix(".sql") for path in files("core").joinpath("migrations").iterdir()}
    ours = {name for name in ours if name[:4].isdigit()}
    applied = store.applied_migrations(conn)
    if applied is None and "reading" not in store.tables(conn):
        yield bad("schema: there is none", "shouwang migrate, with the owner's login")
        return
    if applied is not None and (missing := sorted(ours - applied)):
        yield bad(f"schema: not applied: {', '.join(missing)}", "shouwang migrate, with the owner's login")
    elif applied is not None and (unknown := sorted(applied - ours)):
        yield bad(f"schema: newer than this program: {', '.join(unknown)}", "install the same version everywhere")
    else:
        yield good("schema: up to date" if applied else "schema: there (this login may not read its version)")
    if "reading" in store.hypertables(conn):
        yield good("schema: reading is a hypertable")
    else:
        yield bad("schema: reading is a plain table", "restore it from a dump made with TimescaleDB's own procedure")


def _registry(conn: psycopg.Connection) -> Iterator[Finding]:
    try:
        homes, devices, unreachable = snapshot_store.counts(conn)
        waiting, unknown = store.letters(conn)
    except psycopg.errors.InsufficientPrivilege:
        yield odd("registry: this login may not read it", "run the doctor with the registrar's login to check it")
        return
    if not homes:
        yield odd("registry: no home is registered", "shouwang register FILE.csv")
    else:
        yield good(f"registry: {homes} homes, {devices} devices")
    if unreachable:
        yield odd(f"registry: {unreachable} homes have nobody to call", "add contacts and register again")
    if unknown:
        yield odd(f"messages: {unknown} unknown devices are speaking", "register them; nothing is lost")
    if waiting:
        yield odd(f"messages: {waiting} were refused and wait", "shouwang dead-letters list")


def _programs(conn: psycopg.Connection, settings: Settings) -> Iterator[Finding]:
    beats = {process: (age, detail) for process, age, detail in store.heartbeats(conn)}
    wanted = [*(f"engine/{shard}" for shard in range(settings.shards)), "canary"]
    workers = [process for process in beats if process.startswith("ingest/")]
    for process in [*(workers or ["ingest/1"]), *wanted]:
        age, detail = beats.get(process, (None, {}))
        program = process.partition("/")[0]
        if age is None:
            yield bad(f"{process}: has never run", f"start shouwang {program}")
        elif age > STOPPED_SECONDS:
            yield bad(f"{process}: no sign of life for {age:.0f} s", f"start shouwang {program}, and read its log")
        elif detail.get("connected") is False:
            yield bad(f"{process}: has lost the broker", "see the broker's findings below")
        elif failed := detail.get("failed_rules"):
            yield bad(f"{process}: rules fail: {', '.join(failed)}", "read its log; these rules judge nothing")
        elif failed := detail.get("failed_jobs"):
            yield odd(f"{process}: nightly jobs failed: {', '.join(failed)}", "read its log; they run again next night")
        else:
            yield good(f"{process}: runs")
    if "canary" in beats:
        yield from _round_trip(*beats["canary"])


def _round_trip(age: float, detail: dict[str, Any]) -> Iterator[Finding]:
    trip, link = detail.get("round_trip_seconds"), detail.get("broken")
    if age > STOPPED_SECONDS:
        return  # said already
    if link == "session":
        yield bad("self-check: a session of ours at the broker was taken over", "see docs/deployment.md on client ids")
    elif link:
        yield bad(f"self-check: does not pass {link}", f"mend {link}; docs/operator-guide.md has the words")
    elif trip is None:
        yield odd("self-check: nothing has come round yet", "wait some seconds; register homes first")
    elif trip > ROUND_TRIP_SECONDS:
        yield odd(f"self-check: {trip:.1f} s from terminal to operator", "see docs/performance.md")
    else:
        yield good(f"self-check: {trip * 1000:.0f} ms from terminal to operator")


def _broker(settings: Settings) -> Iterator[Finding]:
    where = f"broker: {settings.mqtt_host}:{settings.mqtt_port}"
    probe = Probe(settings)
    if settings.mqtt_password.get_secret_value():
        yield from _login(probe, where, settings)
    else:
        what = f"{where}: {settings.mqtt_username}'s login not looked at, for its password is not given here"
        yield odd(what, f"run {INGEST_DOCTOR}; ingest itself without a password has client ids that can be guessed")
    reason = probe.connect("", "")
    if reason == "Success":
        yield bad(f"{where} takes anybody without a password", "allow_anonymous false")
        probe.close()
    elif reason in REFUSALS:
        yield good(f"{where} refuses whoever has no password")
    else:
        yield bad(f"{where} does not answer: {reason}", "start the broker, check SHOUWANG_MQTT_*")


def _login(probe: "Probe", where: str, settings: Settings) -> Iterator[Finding]:
    reason = probe.connect(settings.mqtt_username, settings.mqtt_password.get_secret_value())
    if reason != "Success":
        yield bad(f"{where} refuses {settings.mqtt_username}: {reason}", "check SHOUWANG_MQTT_*, and the broker's log")
        return
    yield good(f"{where} takes {settings.mqtt_username}")
    # Topics that nobody publishes to: a doctor who was dealt a real message would take it from the workers.
    nobodys = "sw/v1/doctor/doctor/event"
    for topic in [nobodys] + ([f"$share/{settings.mqtt_group}/{nobodys}"] if settings.mqtt_group else []):
        if probe.may_subscribe(topic):
            yield good(f"{where} lets it subscribe to {topic}")
        else:
            yield bad(f"{where} refuses the subscription {topic}", "give the ingest role subscribePattern on it")
    if probe.may_publish("doctor"):
        yield bad(f"{where} lets the ingest account publish anywhere", "keep publishClientSend to sw/v1/# in its role")
    else:
        yield good(f"{where} lets it publish nowhere but below sw/v1")
    probe.close()


class Probe:
    """One connection to the broker at a time, and what it answers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._answer = ""
        self._answered = threading.Event()

    def connect(self, user: str, password: str) -> str:
        """The broker's word: Success, or why not."""
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, identity.random_id("shouwang-doctor"), protocol=mqtt.MQTTv5
        )
        if user:
            self._client.username_pw_set(user, password)
        if made := context(self._settings):
            self._client.tls_set_context(made)
        self._client.on_connect = lambda _c, _d, _f, reason, _p: self._heard(str(reason))
        self._client.on_subscribe = lambda _c, _d, _m, reasons, _p: self._heard(str(reasons[0]))
        self._client.on_publish = lambda _c, _d, _m, reason, _p: self._heard(str(reason))
        self._answered.clear()
        try:
            self._client.connect(self._settings.mqtt_host, self._settings.mqtt_port)
        except OSError as error:
            return str(error)
        self._client.loop_start()
        answer = self._wait()
        if answer != "Success":
            self.close()
        return answer

    def may_subscribe(self, topic: str) -> bool:
        """Whether a subscription is granted; it ends with the connection."""
        self._answered.clear()
        self._client.subscribe(topic, 1)
        return self._wait().startswith("Granted")

    def may_publish(self, topic: str) -> bool:
        """Whether a message is taken."""
        self._answered.clear()
        self._client.publish(topic, b"{}", 1)
        return self._wait() in ("Success", "No matching subscribers")

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def _heard(self, answer: str) -> None:
        self._answer = answer
        self._answered.set()

    def _wait(self) -> str:
        return self._answer if self._answered.wait(WAIT) else "no answer"


def _disk(path: Path) -> Iterator[Finding]:
    usage = shutil.disk_usage(path)
    free = f"disk: {usage.free / 1e9:.0f} GB free of {usage.total / 1e9:.0f} at {path}"
    if usage.free < DISK_SHARE * usage.total:
        yield bad(free, "make room, or shorten SHOUWANG_RETENTION: a full disk stops storing")
    else:
        yield good(free)
