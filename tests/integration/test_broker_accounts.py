"""Accounts of single terminals, made in bulk and checked by the doctor; an older broker's rights brought up to date."""

import csv
import json
import secrets

import psycopg
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode
from typer.testing import CliRunner

from core import canary, identity
from core.settings import Settings
from deploy import roles, terminals
from deploy.broker import BrokerAdmin, BrokerError, client
from deploy.doctor import Level
from deploy.doctor.accounts import accounts
from deploy.local.services import Broker
from registry.register import COLUMNS
from shouwang.cli import app
from tests.conftest import BrokerAccounts, RunningBroker
from tests.ports import a_port
from tests.registry import seed
from tests.takeover_rig import Client, logins_in
from tests.waiting import eventually


def admin_of(broker):
    return BrokerAdmin("127.0.0.1", broker.port, broker.accounts.admin)


def let_in(broker, login):
    who = Client(broker, login.username, login.password, login.client_id)
    who.close()
    return who.taken


# --- made in bulk by `register` -------------------------------------------------------------------------------------


@pytest.fixture
def command(database, broker, tmp_path, monkeypatch):
    """`shouwang register` on serials, as the registrar."""
    seed(database.owner, homes=1)
    monkeypatch.setenv("SHOUWANG_DATABASE_URL", database.url("registrar"))
    monkeypatch.setenv("SHOUWANG_MQTT_PORT", str(broker.port))
    (tmp_path / "admin").write_text(broker.accounts.admin + "\n")

    def run(serials, *options):
        with (tmp_path / "register.csv").open("w", encoding="utf-8") as file:
            rows = csv.DictWriter(file, COLUMNS, restval="")
            rows.writeheader()
            for serial in serials:
                rows.writerow({
                    "home_code": "H1", "area_path": "qu.zhen.cun.wangge", "area_names": "区/镇/村/网格",
                    "address": "1号", "person_name": "测试·老人", "vendor": "acme", "serial": serial,
                    "type": "gateway" if serial.startswith("gw") else "sos_button",
                })  # fmt: skip
        files = ["--credentials", str(tmp_path / "logins.csv"), "--admin-password-file", str(tmp_path / "admin")]
        return CliRunner().invoke(app, ["register", str(tmp_path / "register.csv"), *files, *options])

    run.logins = tmp_path / "logins.csv"
    return run


def test_each_terminal_gets_its_account_and_a_second_run_makes_only_what_is_missing(command, broker):
    assert "2 accounts made" in command(["btn-1", "btn-2"]).output
    first = logins_in(command.logins)
    assert "0 accounts made" in command(["btn-1", "btn-2"]).output
    done = command(["btn-1", "btn-2", "btn-3"])
    assert "1 accounts made" in done.output
    logins = logins_in(command.logins)
    assert list(logins) == ["acme/btn-1", "acme/btn-2", "acme/btn-3"]
    assert {name: logins[name] for name in first} == first
    assert all(let_in(broker, login) for login in logins.values())
    assert command.logins.stat().st_mode & 0o777 == 0o600
    assert not any(login.password in done.output or login.client_id in done.output for login in logins.values())


def test_only_the_types_that_log_in_themselves_get_accounts(command):
    command(["gw-1", "btn-1"], "--login-type", "gateway")
    assert list(logins_in(command.logins)) == ["acme/gw-1"]


def test_an_account_taken_away_is_made_anew_with_another_password(command, broker, tmp_path):
    command(["btn-1"])
    old = logins_in(command.logins)["acme/btn-1"]
    removed = CliRunner().invoke(
        app, ["broker", "remove", "acme/btn-1", "--admin-password-file", str(tmp_path / "admin")]
    )
    assert removed.exit_code == 0
    assert not let_in(broker, old)
    command(["btn-1"])
    new = logins_in(command.logins)["acme/btn-1"]
    assert let_in(broker, new)
    assert new.password != old.password
    assert new.client_id != old.client_id


def test_more_than_a_running_broker_can_take_is_refused_before_any_is_made(command, broker, monkeypatch):
    monkeypatch.setattr(terminals, "MOST_LIVE", 5)
    refused = command([f"btn-{number}" for number in range(9)])
    assert refused.exit_code == 1
    assert "--broker-file" in refused.output
    assert not command.logins.exists()
    with admin_of(broker) as admin:
        assert not any("/" in account["username"] for account in admin.accounts())


def test_thousands_are_written_into_the_file_of_a_broker_that_is_stopped(command, broker):
    broker.server.stop()
    file = broker.server.home / "dynamic-security.json"
    serials = [f"btn-{number}" for number in range(300)]
    assert "300 accounts written" in command(serials, "--broker-file", str(file)).output
    assert "0 accounts written" in command(serials, "--broker-file", str(file)).output
    assert file.stat().st_mode & 0o777 == 0o600
    broker.server.start()
    logins = logins_in(command.logins)
    assert let_in(broker, logins["acme/btn-299"])
    other = logins["acme/btn-1"]
    assert not let_in(
        broker, terminals.BrokerLogin("acme", "", other.username, logins["acme/btn-2"].client_id, other.password)
    )


def test_hundreds_are_made_in_batches_while_the_broker_runs(broker, tmp_path):
    wanted = [terminals.for_terminal("acme", f"btn-{number}") for number in range(250)]
    with admin_of(broker) as admin:
        assert terminals.make(admin, wanted, tmp_path / "logins.csv") == 250
        assert sum("clientid" in account for account in admin.accounts()) == 250
        with pytest.raises(BrokerError, match="not found"):
            admin.remove("acme/nobody")


def test_each_connection_of_a_cloud_has_an_account_of_its_own(command, broker, tmp_path):
    files = ["--admin-password-file", str(tmp_path / "admin"), "--credentials", str(command.logins)]
    assert "2 accounts made" in CliRunner().invoke(app, ["broker", "cloud", "acme", "1", "2", *files]).output
    one, two = logins_in(command.logins).values()
    assert let_in(broker, one)
    assert not let_in(broker, terminals.BrokerLogin("acme", "", one.username, two.client_id, one.password))


@pytest.mark.parametrize("name", ["a/b", "x#", "+", ""])
def test_a_clouds_name_is_no_topic(command, tmp_path, name):
    files = ["--admin-password-file", str(tmp_path / "admin"), "--credentials", str(command.logins)]
    assert CliRunner().invoke(app, ["broker", "cloud", "acme", name, *files]).exit_code == 2


# --- the doctor -----------------------------------------------------------------------------------------------------


def test_the_doctor_lists_what_can_be_guessed(broker, tmp_path):
    with admin_of(broker) as admin:
        terminals.make(admin, [terminals.for_terminal("acme", "btn-1")], tmp_path / "logins.csv")
        admin.command("createClient", username="old-cloud", password="x", clientid="old-cloud")
    settings = Settings(database_url="postgresql://nowhere/x", mqtt_port=broker.port)
    found = list(accounts(settings, broker.accounts.admin))
    said = {finding.what: finding.level for finding in found}
    assert said == {
        "accounts: nobody reads what was not granted": Level.GOOD,
        "accounts: 1 have a client id of their own that nobody can guess": Level.GOOD,
        "accounts: shared, with any client id: acme, beta": Level.ODD,
        "accounts: bound to a client id that can be guessed: old-cloud": Level.ODD,
    }


# --- a broker of an older version -----------------------------------------------------------------------------------


def old_document(accounts, self_check):
    """What `first_file` of 0.1 wrote."""

    def grants(*entries):
        return [{"acltype": kind, "topic": topic, "priority": 0, "allow": True} for kind, topic in entries]

    control = "$CONTROL/dynamic-security/#"
    kinds = ("publishClientSend", "publishClientReceive", "subscribePattern")
    vendors = accounts.vendors | {canary.VENDOR: self_check}
    return {
        "defaultACLAccess": {
            "publishClientSend": False, "publishClientReceive": True, "subscribe": False, "unsubscribe": True,
        },
        "clients": [
            client("admin", accounts.admin, "admin"), client("ingest", accounts.ingest, "ingest"),
            *(client(code, password, f"vendor-{code}") for code, password in vendors.items()),
        ],
        "roles": [
            {"rolename": "admin", "acls": grants(*((k, control) for k in kinds), ("subscribePattern", "$SYS/#"))},
            {"rolename": "ingest", "acls": grants(
                ("subscribePattern", "sw/v1/#"), ("subscribePattern", "$share/+/sw/v1/#"),
            )},
            *({"rolename": f"vendor-{code}", "acls": grants(("publishClientSend", f"sw/v1/{code}/#"))}
              for code in vendors),
        ],
    }  # fmt: skip


@pytest.fixture
def old_broker(root, instance):
    accounts, self_check = BrokerAccounts(), secrets.token_urlsafe()
    server = Broker(
        root, f"{instance}/{secrets.token_hex(4)}", a_port(),
        admin=accounts.admin, ingest=accounts.ingest, vendors=accounts.vendors,
    )  # fmt: skip
    server.home.mkdir(parents=True)
    (server.home / "dynamic-security.json").write_text(json.dumps(old_document(accounts, self_check)))
    server.start()
    running = RunningBroker(server, accounts)
    running.self_check = self_check
    yield running
    server.stop()


def test_an_older_broker_is_brought_up_to_date_while_everybody_stays_connected(old_broker):
    ingest = Client(old_broker, "ingest", old_broker.accounts.ingest, identity.random_id("ingest"))
    ingest.client.subscribe("sw/v1/acme/+/event", 1)
    vendor = Client(old_broker, "acme", old_broker.accounts.vendors["acme"], "acme-cloud")
    with admin_of(old_broker) as admin:
        assert not admin.reads_are_denied()
        changed = admin.bring_up_to_date()
        assert changed == [
            "role admin", "role ingest", "role self-check", "account self-check", "default access",
        ]  # fmt: skip
        assert admin.reads_are_denied()
        assert admin.bring_up_to_date() == []
    vendor.say("sw/v1/acme/btn-1/event", "{}")
    eventually(lambda: ingest.heard == ["sw/v1/acme/btn-1/event"])
    assert (ingest.losses, vendor.losses) == ([], [])
    for one in (ingest, vendor):
        one.close()


def test_after_it_has_been_brought_up_to_date_it_grants_what_a_new_one_does(old_broker, broker):
    with admin_of(old_broker) as admin:
        admin.bring_up_to_date()
        for name in (*roles.ours(), "vendor-acme"):
            [old] = admin.commands([{"command": "getRole", "rolename": name}])
            with admin_of(broker) as new_admin:
                [new] = new_admin.commands([{"command": "getRole", "rolename": name}])
            assert roles.same(old["data"]["role"]["acls"], new["data"]["role"]["acls"]), name
    self_check = Client(old_broker, canary.VENDOR, old_broker.self_check, "x")
    answers = []
    self_check.client.on_subscribe = lambda _c, _d, _m, reasons, _p: answers.extend(reasons)
    self_check.client.subscribe(canary.BROKER_ERRORS, 1)
    assert eventually(lambda: answers) == [ReasonCode(PacketTypes.SUBACK, "Granted QoS 1")]
    self_check.close()


@pytest.mark.parametrize("username", ["ingest", "admin", "self-check", "acme"])
def test_no_program_and_no_whole_vendor_is_taken_away_by_the_command_for_terminals(command, broker, tmp_path, username):
    said = CliRunner().invoke(app, ["broker", "remove", username, "--admin-password-file", str(tmp_path / "admin")])
    assert said.exit_code == 1
    with admin_of(broker) as admin:
        assert {"ingest", "admin", "acme"} <= {account["username"] for account in admin.accounts()}


def test_a_vendor_that_was_cut_off_gets_no_new_account(command, broker, database, tmp_path):
    with psycopg.connect(database.owner) as conn:
        conn.execute("UPDATE vendor SET disabled_at = now() WHERE code = 'acme'")
    files = ["--admin-password-file", str(tmp_path / "admin"), "--credentials", str(command.logins)]
    said = CliRunner().invoke(app, ["broker", "cloud", "acme", "1", *files])
    assert (said.exit_code, "cut off" in said.output) == (1, True)
    assert command(["btn-1"]).exit_code == 1
    assert not command.logins.exists()
