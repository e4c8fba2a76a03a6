"""A vendor's accounts by the command: reserved names, rotation with both working, an end, cut off and let in again."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from core.settings import Settings
from deploy import roles
from deploy.broker import BrokerAdmin
from deploy.doctor import rights
from deploy.provision import provision
from ingest.worker import run
from registry.accounts import Refusal, names
from shouwang.cli import app
from tests.command import Command
from tests.programs import working
from tests.registry import seed
from tests.terminal import Terminal
from tests.waiting import eventually

SOON = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"
LATER = f"{datetime.now(UTC) + timedelta(days=60):%Y-%m-%d}"


@pytest.fixture
def shouwang(database, broker, tmp_path):
    """The command on a registry with acme and beta, whose broker accounts are there."""
    seed(database.owner, homes=1, types=("sos_button", "door_contact"))
    with psycopg.connect(database.owner) as conn:
        conn.execute("INSERT INTO vendor_account (username, vendor_id, made_at) SELECT code, id, now() FROM vendor")
    return Command(database, tmp_path, broker)


def may_connect(broker, username, password):
    terminal = Terminal(broker, username, password)
    terminal.close()
    return terminal.connected[0]


@pytest.fixture
def acme(broker):
    """What acme's first account is known by."""
    return "acme", broker.accounts.vendors["acme"]


def rotated(shouwang, until=SOON):
    return shouwang.done("vendor", "rotate", "acme", "--until", until, *shouwang.admin).split("\t")


@pytest.mark.parametrize("code", sorted(names.RESERVED))
def test_no_program_of_ours_can_be_made_a_vendor(code, tmp_path):
    with pytest.raises(Refusal, match="reserved"):
        names.vendor(code)
    with pytest.raises(Refusal, match="reserved"):
        provision(tmp_path, ["acme", code])
    assert list(tmp_path.iterdir()) == []


def test_adding_a_vendor_by_a_programs_name_leaves_that_programs_account_alone(shouwang, broker, database):
    for code in ("ingest", "admin", "self-check"):
        said = shouwang.refused("vendor", "add", code, "--name", "x", *shouwang.admin)
        assert said == f"{code} is reserved for Shouwang's own programs; give the vendor another code"
    assert may_connect(broker, "ingest", broker.accounts.ingest)
    with psycopg.connect(database.owner) as conn:
        assert conn.execute("SELECT code FROM vendor ORDER BY code").fetchall() == [("acme",), ("beta",)]


def test_a_vendor_gets_its_password_once_and_adding_it_again_changes_its_name_alone(shouwang, broker):
    password = shouwang.done("vendor", "add", "gamma", "--name", "伽马", *shouwang.admin)
    again = shouwang("vendor", "add", "gamma", "--name", "伽马科技", "--format", "senml", *shouwang.admin)
    assert (again.returncode, again.stdout) == (0, "")
    assert "keeps its password; for a new one: shouwang vendor rotate gamma" in again.stderr
    assert may_connect(broker, "gamma", password)
    assert "gamma\tsenml\t0 devices\t伽马科技\n\tgamma\tno end" in shouwang.done("vendor", "list")


def test_both_accounts_are_taken_until_the_day_and_the_new_one_alone_after_it(shouwang, broker, acme, database):
    username, password = rotated(shouwang)
    assert names.CODE.fullmatch(username) is None, "it can never be another vendor's code"
    settings = Settings(
        database_url=database.url("ingest"), mqtt_port=broker.port, mqtt_password=broker.accounts.ingest
    )
    old, new = Terminal(broker, *acme), Terminal(broker, username, password)
    with working(run, settings), psycopg.connect(database.owner, autocommit=True) as conn:
        eventually(lambda: conn.execute("SELECT 1 FROM heartbeat WHERE (detail->>'connected')::bool").fetchone())
        time.sleep(0.3)  # the subscriptions follow the connection
        old.say("door_contact-0", 1)
        new.say("sos_button-0", 1, "event", "sos")
        stored = "SELECT m.name FROM reading JOIN metric m ON m.id = metric ORDER BY 1"
        eventually(lambda: conn.execute(stored).fetchall() == [("door_open",), ("sos",)])
        assert conn.execute("SELECT count(*) FROM dead_letter").fetchone() == (0,)
        assert shouwang.done("vendor", "expire", *shouwang.admin) == "ended: none"
        conn.execute("UPDATE vendor_account SET until = now() - interval '1 second' WHERE until IS NOT NULL")
        assert shouwang.done("vendor", "expire", *shouwang.admin) == "ended: acme"
        eventually(lambda: old.gone)
        assert not new.gone
        assert not may_connect(broker, *acme)
        new.say("door_contact-0", 0)
        eventually(lambda: len(conn.execute(stored).fetchall()) == 3)
    new.close()


def test_a_vendor_without_an_account_at_the_broker_is_to_be_added_first(shouwang):
    shouwang.done("vendor", "add", "gamma", "--name", "伽马")
    said = shouwang.refused("vendor", "rotate", "gamma", "--until", SOON, *shouwang.admin)
    assert said.startswith("gamma has no account at the broker yet; first: shouwang vendor add gamma")


def test_an_account_that_ended_too_early_is_let_in_again_by_one_command(shouwang, broker, acme, database):
    username, _ = rotated(shouwang)
    with psycopg.connect(database.owner) as conn:
        conn.execute("UPDATE vendor_account SET until = now() WHERE username = 'acme'")
    shouwang.done("vendor", "expire", *shouwang.admin)
    assert not may_connect(broker, *acme)
    shouwang.done("vendor", "extend", "acme", "--until", LATER, *shouwang.admin)
    assert may_connect(broker, *acme)
    assert "has an end" in shouwang.refused("vendor", "extend", username, "--until", LATER, *shouwang.admin)


def test_a_second_rotation_never_postpones_an_end_and_their_number_is_bounded(shouwang):
    assert [rotated(shouwang, day)[0] for day in (SOON, LATER, LATER, LATER)] == [f"acme~{n}" for n in (2, 3, 4, 5)]
    listed = [
        line.split("\t")[1:3] for line in shouwang.done("vendor", "list").splitlines() if line.startswith("\tacme")
    ]
    assert [name for name, _ in listed] == ["acme", "acme~2", "acme~3", "acme~4", "acme~5"]
    assert listed[0][1] < listed[1][1] == listed[3][1]
    assert listed[4][1] == "no end"
    assert "5 accounts" in shouwang.refused("vendor", "rotate", "acme", "--until", SOON, *shouwang.admin)


def test_a_vendor_that_is_disabled_is_cut_off_while_connected_and_let_in_again(shouwang, broker, acme, database):
    username, password = rotated(shouwang)
    terminals = [Terminal(broker, *acme), Terminal(broker, username, password)]
    other = Terminal(broker, "beta", broker.accounts.vendors["beta"])
    asked = shouwang("vendor", "disable", "acme", *shouwang.admin, stdin="n\n")
    assert asked.returncode == 1
    assert "2 devices in service will be cut off" in asked.stdout
    assert not any(terminal.gone for terminal in terminals)
    shouwang.done("vendor", "disable", "acme", "--yes", *shouwang.admin)
    eventually(lambda: all(terminal.gone for terminal in terminals))
    assert not may_connect(broker, *acme)
    assert not may_connect(broker, username, password)
    assert not other.gone
    assert "\tdisabled " in shouwang.done("vendor", "list")
    with psycopg.connect(database.url("registrar"), autocommit=True) as reader:
        assert "2 devices in service: no SOS" in next(rights.examine(reader, datetime.now(UTC))).what
    assert "first: shouwang vendor enable" in shouwang.refused(
        "vendor", "rotate", "acme", "--until", SOON, *shouwang.admin
    )
    shouwang.done("vendor", "enable", "acme", *shouwang.admin)
    assert may_connect(broker, *acme)
    assert may_connect(broker, username, password)
    other.close()


def test_single_terminals_accounts_go_with_their_vendor_and_what_has_ended_stays_ended(
    shouwang, broker, acme, database
):
    rotated(shouwang)
    with BrokerAdmin("127.0.0.1", broker.port, broker.accounts.admin) as admin:
        for username, code in (("acme/btn-17", "acme"), ("acme-2/btn-17", "beta")):
            admin.command("createRole", rolename=username, acls=roles.terminal(code, "btn-17"))
            admin.command("createClient", username=username, password="x", roles=[{"rolename": username}])
        admin.command("createClient", username="acme/cloud/1", password="x", roles=[{"rolename": "vendor-acme"}])
    terminal, stranger = Terminal(broker, "acme/btn-17", "x"), Terminal(broker, "acme-2/btn-17", "x")
    with psycopg.connect(database.owner) as conn:
        conn.execute("UPDATE vendor_account SET until = now() WHERE username = 'acme'")
    shouwang.done("vendor", "expire", *shouwang.admin)
    shouwang.done("vendor", "disable", "acme", "--yes", *shouwang.admin)
    eventually(lambda: terminal.gone)
    assert not stranger.gone
    with BrokerAdmin("127.0.0.1", broker.port, broker.accounts.admin) as admin:
        assert {name["username"]: name["roles"] for name in admin.accounts()}["acme/cloud/1"] == []
    shouwang.done("vendor", "enable", "acme", *shouwang.admin)
    assert may_connect(broker, "acme/btn-17", "x")
    assert may_connect(broker, "acme/cloud/1", "x")
    assert not may_connect(broker, *acme)
    stranger.close()


def test_a_vendor_is_removed_only_without_devices_and_its_history_stays(shouwang, broker, acme, database):
    assert "2 devices of acme are in service" in shouwang.refused("vendor", "remove", "acme", *shouwang.admin)
    assert may_connect(broker, *acme)
    for serial in ("sos_button-0", "door_contact-0"):
        shouwang.done("device", "retire", "acme", serial)
    shouwang.done("vendor", "remove", "acme", *shouwang.admin)
    assert not may_connect(broker, *acme)
    with psycopg.connect(database.owner) as conn:
        kept = conn.execute("SELECT count(*) FROM device d JOIN vendor v ON v.id = vendor_id WHERE code = 'acme'")
        assert kept.fetchone() == (2,)
        shut = conn.execute("SELECT disabled_at IS NOT NULL FROM account WHERE username = 'vendor-acme'").fetchone()
        assert shut == (True,)
    assert "no vendor acme" in shouwang.refused("vendor", "enable", "acme", *shouwang.admin)
    password = shouwang.done("vendor", "add", "acme", "--name", "又来了", *shouwang.admin)
    assert may_connect(broker, "acme", password)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("add", "Acme", "--name", "x"), "1 to 32 of a-z"),
        (("add", "acme~2", "--name", "x"), "1 to 32 of a-z"),
        (("add", "new", "--name", "x" * 65), "1 to 64 characters"),
        (("add", "new", "--name", "x", "--format", "xml"), "no format 'xml'"),
        (("rotate", "nobody", "--until", SOON), "no vendor nobody"),
        (("rotate", "acme", "--until", "2020-01-01"), "does not lie ahead"),
        (("rotate", "acme", "--until", "2200-01-01"), "does not lie ahead"),
        (("rotate", "acme", "--until", "tomorrow"), "not a date such as"),
        (("rotate", "self-check", "--until", SOON), "reserved"),
        (("disable", "self-check"), "reserved"),
        (("disable", "nobody"), "no vendor nobody"),
        (("remove", "ingest"), "reserved"),
        (("extend", "acme", "--until", SOON), "no account acme has an end"),
        (("extend", "ingest", "--until", SOON), "reserved"),
    ],
    ids=" ".join,
)
def test_what_is_refused_says_why_before_the_broker_is_asked(database, tmp_path, words, expected):
    seed(database.owner, homes=1, types=("sos_button",))
    admin = [] if words[0] == "add" else ["--admin-password-file", str(tmp_path / "none")]
    assert expected in Command(database, tmp_path).refused("vendor", *words, *admin)


def test_what_the_broker_did_not_do_is_not_written_down(shouwang, database, tmp_path):
    def rows():
        with psycopg.connect(database.owner) as conn:
            return conn.execute("SELECT username, until, disabled_at FROM vendor_account ORDER BY username").fetchall()

    before = rows()
    wrong = tmp_path / "wrong"
    wrong.write_text("not the password")
    for words in (("rotate", "acme", "--until", SOON), ("disable", "acme", "--yes")):
        said = shouwang.refused("vendor", *words, "--admin-password-file", str(wrong))
        assert said.endswith(f"does {wrong} hold its administrator's password?")
        assert "not the password" not in said
        said = shouwang.refused("vendor", *words, "--admin-password-file", str(tmp_path / "none"))
        assert said == f"{tmp_path / 'none'}: No such file or directory; nothing was changed"
    assert rows() == before
    said = shouwang.refused("vendor", "rotate", "acme", "--until", SOON, *shouwang.admin, SHOUWANG_MQTT_PORT="1")
    assert said == "the broker at 127.0.0.1:1: Connection refused; nothing was changed"
    assert rows() == before


def test_the_doctor_names_accounts_that_are_overdue_or_end_soon_and_whoever_sees_too_much(shouwang, database):
    now = datetime.now(UTC)
    rotated(shouwang)
    with psycopg.connect(database.owner) as conn:
        conn.execute("UPDATE account SET area = '' WHERE username = 'op1'")
        conn.commit()
        with psycopg.connect(database.url("registrar"), autocommit=True) as reader:
            assert [finding.what for finding in rights.examine(reader, now)] == [
                "account op1: its area is not one that is registered"
            ]
            for days, expected in ((5, "ends within a week"), (-2, "its day is over and it still works")):
                conn.execute("UPDATE vendor_account SET until = %s WHERE username = 'acme'", (now + timedelta(days),))
                conn.commit()
                assert expected in next(rights.examine(reader, now)).what


def test_the_broker_has_no_account_that_the_doctor_cannot_see(shouwang, broker):
    rotated(shouwang)
    with BrokerAdmin("127.0.0.1", broker.port, broker.accounts.admin) as admin:
        known = set(admin.command("listClients")["data"]["clients"])
    listed = {line.split("\t")[1] for line in shouwang.done("vendor", "list").splitlines() if line.startswith("\t")}
    assert known - listed == {"admin", "ingest"}


def test_the_daily_timers_command_is_one_there_is():
    unit = Path(__file__).parents[2] / "deploy/systemd/shouwang-expire.service"
    [line] = [line for line in unit.read_text(encoding="utf-8").splitlines() if line.startswith("ExecStart=")]
    noun, verb, option, _ = line.partition("/shouwang ")[2].split()
    said = CliRunner().invoke(app, [noun, verb, "--help"])
    assert said.exit_code == 0
    assert option in said.output
